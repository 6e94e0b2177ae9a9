/** What `docker login` left: `~/.docker/config.json`, read as the docker client reads it. Pure. */
import { SecretValue } from '../secrets/secret-value.ts';

/** An account at a registry, in the engine's words. Source: Engine API, `AuthConfig`. */
export interface Account {
  username?: string;
  password?: string;
  identitytoken?: string;
  registrytoken?: string;
  serveraddress?: string;
}

/** Where what a registry wants is kept. */
export interface KeptLogin {
  /** JSON of an `Account`; absent where the file has none. */
  account?: SecretValue;
  /** Suffix of the credential helper that is to be asked first, e.g. `pass`. */
  helper?: string;
}

interface ConfigFile {
  auths?: Record<string, Record<string, unknown>>;
  credsStore?: unknown;
  credHelpers?: Record<string, unknown>;
}

/**
 * What a configuration file says of a registry, named as `nameRegistry` does.
 *
 * @throws Error with the reason, without anything of the file's text, where it isn't what `docker login` writes.
 */
export function findKeptLogin(text: string, registry: string): KeptLogin {
  const config = parseConfig(text);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  if (helper !== undefined && helper !== '' && (typeof helper !== 'string' || !/^[\w.-]+$/.test(helper)))
    throw new Error(`the name of the credential helper of ${registry} is none`);
  const entries = Object.entries(config.auths ?? {});
  const entry =
    entries.find(([key]) => key === registry) ?? entries.find(([key]) => readHostname(key) === registry);
  const account = entry && readAccount(entry[1], registry);
  return {
    ...(account && { account: sealAccount({ ...account, serveraddress: entry[0] }) }),
    ...(helper && { helper }),
  };
}

/** An account as it travels on. */
export function sealAccount(account: Account): SecretValue {
  return new SecretValue(JSON.stringify(account));
}

function parseConfig(text: string): ConfigFile {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // The parser's own words quote the text, which may be a password.
    throw new Error('it is no JSON');
  }
  const { auths, credHelpers } = (config ?? {}) as ConfigFile;
  for (const part of [config, auths ?? {}, credHelpers ?? {}, ...Object.values(auths ?? {})])
    if (typeof part !== 'object' || part === null || Array.isArray(part))
      throw new Error('it is not of the form that `docker login` writes');
  return config as ConfigFile;
}

/** Nothing where the entry only reminds of a login that a helper keeps. */
function readAccount(entry: Record<string, unknown>, registry: string): Account | undefined {
  const read = (name: string): string => (typeof entry[name] === 'string' ? entry[name] : '');
  const account: Account = {
    username: read('username'),
    password: read('password'),
    identitytoken: read('identitytoken'),
    registrytoken: read('registrytoken'),
  };
  if (read('auth') !== '') {
    const [username, ...rest] = Buffer.from(read('auth'), 'base64').toString().split(':');
    if (rest.length === 0) throw new Error(`auth of ${registry} is not the base64 of NAME:PASSWORD`);
    account.username = username!;
    account.password = rest.join(':').replace(/\0+$/, '');
  }
  const told = Object.entries(account).filter(([, value]) => value !== '');
  return told.length > 0 ? Object.fromEntries(told) : undefined;
}

/** `https://host:5000/v1/`, as older clients wrote it, and `host:5000/path` are `host:5000`. */
function readHostname(key: string): string {
  return key.replace(/^[a-z]+:\/\//i, '').replace(/\/.*$/s, '');
}
