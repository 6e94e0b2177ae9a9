/** The accounts at registries that this computer's user has: what `docker login` keeps. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SecretValue } from '../secrets/secret-value.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { findKeptLogin } from './docker-config.ts';
import { nameRegistry } from './image-domain.ts';

export interface Login {
  /** As `docker login` names it. */
  registry: string;
  /** JSON of an `Account`; absent where nobody is logged in there. */
  account?: SecretValue;
  /** Why what is kept can't be read; nothing is sent then. */
  problem?: string;
}

/** The login for an image's registry; each registry is looked up once. Never throws: an image may be public. */
export type FindLogin = (image: string) => Promise<Login>;

/** Reads `config.json` in `$DOCKER_CONFIG` or `~/.docker`, and asks the helpers it names, when first asked. */
export function createLoginFinder(env: NodeJS.ProcessEnv): FindLogin {
  const file = join(env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker'), 'config.json');
  const logins = new Map<string, Promise<Login>>();
  return (image) => {
    const registry = nameRegistry(image);
    const login = logins.get(registry) ?? readLogin(file, registry, env);
    logins.set(registry, login);
    return login;
  };
}

async function readLogin(file: string, registry: string, env: NodeJS.ProcessEnv): Promise<Login> {
  try {
    const kept = findKeptLogin(await readFile(file, 'utf8'), registry);
    const told =
      kept.helper === undefined ? undefined : await askCredentialHelper(kept.helper, registry, env);
    const account = told ?? kept.account;
    return { registry, ...(account && { account }) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { registry };
    return { registry, problem: `the login for ${registry} in ${file} can't be used: ${message}` };
  }
}

/** The header `X-Registry-Auth` in the form that dockerode takes; nothing for nobody. Keep it out of all that is shown. */
export function toAuthHeader(login: Login | undefined): { base64: string } | undefined {
  return login?.account && { base64: encode(login.account.reveal()) };
}

/** The same for `X-Registry-Config`, which holds the accounts of several registries. */
export function toConfigHeader(logins: Login[]): { base64: string } | undefined {
  const known = logins.flatMap(({ registry, account }) =>
    account ? [[registry, JSON.parse(account.reveal().toString())] as const] : [],
  );
  return known.length > 0
    ? { base64: encode(Buffer.from(JSON.stringify(Object.fromEntries(known)))) }
    : undefined;
}

/** base64 for addresses, with its padding: the engine wants both. */
function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
