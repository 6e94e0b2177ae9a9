/** The files that an engine's configuration refers to: certificates with their keys, pages, a script. No I/O here. */
import type { BalancerModel, PageModel } from './backends.ts';
import { holdPathIn, holdScript } from './haproxy/hold.ts';
import type { Certificate } from './materials.ts';
import { digestOf } from './seal.ts';

/** A file of a part. Of a private key only whose it is: the key itself never stands in a plan. */
export interface PartFile {
  path: string;
  content: string;
  mode: number;
  /** Fingerprint of the certificate whose private key the file holds; `content` is empty then. */
  keyOf?: string;
}

/**
 * Where a certificate lies on a balancer; its key lies beside it with `.key` behind the name. The name changes with the
 * certificate, so the old one stays whole until nothing runs with it.
 */
export function certificatePathIn(folder: string, { name, fingerprint }: Certificate): string {
  return `${folder}/${name.replaceAll(/[^A-Za-z0-9_-]/g, '_')}-${fingerprint.slice(0, 12)}.pem`;
}

/** Where a page lies on a balancer. */
export function pagePathIn(folder: string, { name, html }: PageModel): string {
  return `${folder}/${name}-${digestOf(html).slice(0, 12)}.html`;
}

/** The path of a certificate's private key. */
export function keyPathOf(certificatePath: string): string {
  return `${certificatePath}.key`;
}

/** Every file that the configuration of a model refers to, keys before their certificates. */
export function listEngineFiles(model: BalancerModel, folder: string): PartFile[] {
  const files = new Map<string, PartFile>();
  const add = (file: PartFile): void => void files.set(file.path, file);
  for (const { tls, maintenance } of model.frontends) {
    for (const certificate of tls?.certificates ?? []) {
      const path = certificatePathIn(folder, certificate);
      add({ path: keyPathOf(path), content: '', mode: 0o600, keyOf: certificate.fingerprint });
      add({ path, content: certificate.chain, mode: 0o600 });
    }
    if (maintenance) add(pageFile(maintenance, folder));
  }
  for (const { page } of model.backends) if (page) add(pageFile(page, folder));
  if (model.backends.some(({ timeouts }) => timeouts.hold !== undefined))
    add({ path: holdPathIn(folder), content: holdScript, mode: 0o644 });
  return [...files.values()];
}

function pageFile(page: PageModel, folder: string): PartFile {
  return { path: pagePathIn(folder, page), content: page.html, mode: 0o644 };
}
