import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Lab, type LabNetwork, type LabNode, nodeDir } from './lab.ts';
import type { MachineKind } from './machine-kind.ts';
import { type NodeIdentity, renderNodeFiles, renderResolvConf } from './node-files.ts';
import { exists } from './root-fs.ts';
import { runLocal } from './run-local.ts';
import { renderUmlNodeFiles } from './uml-files.ts';

/**
 * Makes a machine's disk unless it has one: an empty layer over the shared root file system, with its own identity on it.
 * A machine with a kernel of its own copies that to its disk at its first start.
 */
export async function ensureDisk(
  lab: Lab,
  node: LabNode,
  network: LabNetwork,
  userKeyPublic: string,
  kind: MachineKind,
): Promise<void> {
  const dir = nodeDir(lab, node);
  if (await exists(dir)) return;
  const partial = `${dir}.partial`;
  await rm(partial, { recursive: true, force: true });
  for (const name of ['upper', 'work', 'root', 'docker'])
    await mkdir(join(partial, name), { recursive: true });
  const identity = await makeIdentity(partial, node);
  const files = renderNodeFiles(node, network, identity, userKeyPublic);
  if (kind === 'uml') files.push(...renderUmlNodeFiles(node, network));
  for (const file of files) {
    const path = join(partial, 'upper', file.path);
    await mkdir(dirname(path), { recursive: true, mode: file.path.startsWith('/root/') ? 0o700 : 0o755 });
    await writeFile(path, file.content, { mode: file.mode });
  }
  await rename(partial, dir);
}

async function makeIdentity(dir: string, node: LabNode): Promise<NodeIdentity> {
  const key = join(dir, 'host_key');
  await makeKey(key, node.name);
  return {
    machineId: randomBytes(16).toString('hex'),
    hostKey: await readFile(key, 'utf8'),
    hostKeyPublic: await readFile(`${key}.pub`, 'utf8'),
  };
}

/** Makes an ed25519 key pair without a passphrase at `path` and `path.pub`. */
export async function makeKey(path: string, comment: string): Promise<void> {
  await runLocal('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path]);
}

/** A machine's public host key, as `ssh-keygen` writes it. */
export async function readHostKey(lab: Lab, node: LabNode): Promise<string> {
  return readFile(join(nodeDir(lab, node), 'host_key.pub'), 'utf8');
}

/** Gives a stopped machine the name servers that this computer has now. */
export async function writeResolvConf(lab: Lab, node: LabNode): Promise<void> {
  const sources = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];
  const texts = await Promise.all(sources.map((path) => readFile(path, 'utf8').catch(() => '')));
  const path = join(nodeDir(lab, node), 'upper/etc/resolv.conf');
  await rm(path, { force: true });
  await writeFile(path, renderResolvConf(texts));
}
