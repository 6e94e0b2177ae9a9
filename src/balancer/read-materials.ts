/** Gets what `x-balancer` refers to: the users' pages from files, certificates from the secrets. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { EngineName } from '../cluster/engine-name.ts';
import { InputError, type Problem } from '../errors.ts';
import { decodeBytes } from '../input/decode-text.ts';
import { describeReadFailure } from '../input/read-failure.ts';
import { formatPath, type InputPath } from '../input/schema-problems.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { StackDefinition } from '../stack/definition.ts';
import { type Frontend, parseBalancer } from './definition.ts';
import type { Certificate, Materials } from './materials.ts';
import { readCertificate } from './read-certificate.ts';

/** Secret → its value; absent ones aren't in the secrets file. */
export type KnownSecrets = ReadonlyMap<string, SecretValue | 'generated at up'>;

/** The secrets that `x-balancer` takes certificates and keys from. Throws as `parseBalancer` does. */
export function listBalancerSecrets(definition: StackDefinition, engine: EngineName): string[] {
  const { frontends } = parseBalancer(definition, engine);
  const names = frontends.flatMap(({ tls }) =>
    (tls?.certificates ?? []).flatMap(({ certificate, key }) => [certificate, key ?? certificate]),
  );
  return [...new Set(names)];
}

/** HAProxy keeps a page in one of its buffers, its header included. */
const largestPageBytes = 14 * 1024;

/**
 * Reads pages, as seen from the folder (the compose file's unless told), and checks certificates.
 *
 * @throws InputError with every page that can't be read, every secret that isn't there, and every certificate that is
 *   damaged or has another key.
 */
export async function readMaterials(
  definition: StackDefinition,
  engine: EngineName,
  secrets: KnownSecrets,
  folder = dirname(definition.file),
): Promise<Materials> {
  const { frontends } = parseBalancer(definition, engine);
  const problems: Problem[] = [];
  const report = (path: InputPath, message: string, next: string): void => {
    const at = definition.xBalancer?.locate(path);
    problems.push({
      file: definition.xBalancer?.file ?? definition.file,
      ...at,
      path: formatPath(['x-balancer', ...path]),
      message,
      next,
    });
  };
  const pages = await readPages(frontends, folder, report);
  const certificates = readCertificates(frontends, secrets, report);
  if (problems.length > 0) throw new InputError(problems);
  return { pages, findCertificate: (wanted) => certificates.get(keyOf(wanted)) };
}

type Report = (path: InputPath, message: string, next: string) => void;

async function readPages(
  frontends: Frontend[],
  folder: string,
  report: Report,
): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const { name, maintenance } of frontends) {
    const written = maintenance?.page;
    if (written === undefined) continue;
    const at = [name, 'maintenance', 'page'];
    const path = resolve(folder, written);
    try {
      const html = decodeBytes(await readFile(path), path);
      if (Buffer.byteLength(html) > largestPageBytes)
        report(
          at,
          `${path} has ${Buffer.byteLength(html)} bytes; at most ${largestPageBytes} fit`,
          'leave pictures and fonts out',
        );
      pages.set(written, html);
    } catch (error) {
      const isNoText = error instanceof InputError;
      report(
        at,
        isNoText ? `${path}: ${error.message}` : `${path} can't be read: ${describeReadFailure(error)}`,
        isNoText ? 'save the file as UTF-8' : 'paths are seen from the folder of the compose file',
      );
    }
  }
  return pages;
}

function readCertificates(
  frontends: Frontend[],
  secrets: KnownSecrets,
  report: Report,
): Map<string, Certificate> {
  const found = new Map<string, Certificate>();
  for (const { certificate, key, path } of frontends.flatMap(({ tls }) => tls?.certificates ?? [])) {
    const values = [certificate, key ?? certificate].map((name) => secrets.get(name));
    const [missing] = [certificate, ...(key === undefined ? [] : [key])].filter((name) => !secrets.has(name));
    if (missing !== undefined) {
      report(
        [...path, missing === certificate ? 'certificate' : 'key'],
        `there is no secret ${JSON.stringify(missing)} in the secrets file`,
        `add it: ${missing}: {file: path/of.pem}; for a trial: ${missing}: {generate: {certificate: {names: [www.example.org]}}}`,
      );
      continue;
    }
    // made when the cluster is brought up
    if (values.includes('generated at up')) continue;
    const [chain, privateKey] = values as SecretValue[];
    const read = readCertificate(certificate, chain!, key === undefined ? undefined : privateKey);
    if ('certificate' in read)
      found.set(keyOf({ certificate, ...(key !== undefined && { key }) }), read.certificate);
    else {
      const about = read.problem.about === 'key' && key !== undefined ? 'key' : 'certificate';
      const name = about === 'key' ? key : certificate;
      report(
        [...path, about],
        `the secret ${JSON.stringify(name)} ${read.problem.message}`,
        read.problem.next,
      );
    }
  }
  return found;
}

function keyOf({ certificate, key }: { certificate: string; key?: string }): string {
  return JSON.stringify([certificate, key]);
}
