/** Gets the value of one entry of a secrets file from where it says: a file, the environment, a program. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../errors.ts';
import { describeReadFailure } from '../input/read-failure.ts';
import { fillTemplate } from './fill-template.ts';
import { identityVariables } from './identities.ts';
import { SecretValue } from './secret-value.ts';
import type { SecretEntry } from './secrets-file.ts';

export interface Surroundings {
  /** Absolute path of the secrets file; paths in it are seen from its folder. */
  file: string;
  /** Variables for templates. */
  variables: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
  /** How long a program may take; a minute unless told. */
  commandTimeoutMs?: number;
  /** Name → what an encrypted entry holds. */
  opened?: ReadonlyMap<string, Buffer>;
}

export type Resolved = { value: SecretValue } | { problem: Problem };

/** Swarm takes less than this many bytes in a secret. Source: swarmkit, `MaxSecretSize`. */
export const tooManyBytes = 500 * 1024;
const defaultCommandTimeoutMs = 60_000;

/** The value of an entry, or what keeps it from being had. `generate` is not for here. */
export async function resolveSource(entry: SecretEntry, surroundings: Surroundings): Promise<Resolved> {
  const failed = (message: string, next?: string): Resolved => ({
    problem: { ...entry.place, message, ...(next !== undefined && { next }) },
  });
  const found = await readSource(entry, surroundings);
  if ('message' in found) return failed(found.message, found.next);
  const { bytes } = found;
  const wrong = checkValue(bytes);
  return wrong ? failed(wrong.message, wrong.next) : { value: new SecretValue(bytes) };
}

/** What swarm would not take. */
export function checkValue(bytes: Uint8Array): { message: string; next?: string } | undefined {
  if (bytes.length === 0)
    return { message: 'the value is empty, which swarm does not take', next: 'give it a value' };
  if (bytes.length < tooManyBytes) return undefined;
  return {
    message: `the value has ${bytes.length} bytes; swarm takes less than ${tooManyBytes}`,
    next: 'keep what is large in an object store or a volume, and only the key to it as a secret',
  };
}

type Found = { bytes: Buffer } | { message: string; next?: string };

async function readSource({ name, source }: SecretEntry, around: Surroundings): Promise<Found> {
  switch (source.from) {
    case 'value':
      return { bytes: Buffer.from(source.text) };
    case 'age': {
      const bytes = around.opened?.get(name);
      if (bytes === undefined) throw new Error(`${name} was not decrypted`);
      return source.holds === 'value' ? { bytes } : fill(bytes.toString(), around);
    }
    case 'template':
      return fill(source.text, around);
    case 'env': {
      const value = around.env[source.name];
      if (value !== undefined) return { bytes: Buffer.from(value) };
      return {
        message: `the environment variable ${source.name} is not set`,
        next: `export ${source.name}=…`,
      };
    }
    case 'file':
      return readValueFile(source.path, around.file);
    case 'command':
      return runCommand(source.argv, around);
    case 'generate':
      throw new Error(`${name} is to be generated, not read`);
  }
}

function fill(template: string, { variables }: Surroundings): Found {
  const { text, problems } = fillTemplate(template, variables);
  if (text !== undefined) return { bytes: Buffer.from(text) };
  const known = Object.keys(variables).join(', ') || 'none';
  return {
    message: problems.join('; '),
    next: `variables are set under variables of the cluster file; there are: ${known}`,
  };
}

async function readValueFile(written: string, secretsFile: string): Promise<Found> {
  const path = resolve(dirname(secretsFile), written.replace(/^~(?=\/)/, homedir()));
  try {
    return { bytes: dropLastNewline(await readFile(path)) };
  } catch (error) {
    return {
      message: `the file ${path} can't be read: ${describeReadFailure(error)}`,
      next: 'paths are seen from the folder of the secrets file',
    };
  }
}

/** The arguments and what the program complains about may hold secrets: neither is shown. */
function runCommand(argv: string[], { file, env, ...limits }: Surroundings): Promise<Found> {
  const { commandTimeoutMs = defaultCommandTimeoutMs } = limits;
  const [program = '', ...args] = argv;
  const settings = {
    cwd: dirname(file),
    env: dropIdentities(env),
    timeout: commandTimeoutMs,
    // a program that shrugs off SIGTERM must not hold the run
    killSignal: 'SIGKILL' as const,
    maxBuffer: 2 * tooManyBytes,
    encoding: 'buffer' as const,
  };
  return new Promise((done) => {
    const child = execFile(program, args, settings, (error, stdout) => {
      if (!error) return done({ bytes: dropLastNewline(stdout) });
      const { code, killed } = error as { code?: number | string; killed?: boolean };
      const how =
        code === 'ENOENT'
          ? 'there is no such program'
          : code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
            ? 'it printed too much'
            : killed
              ? `it took longer than ${commandTimeoutMs / 1000} s`
              : `it ended with code ${code}`;
      done({
        message: `the program ${program} gave no value: ${how}`,
        next: 'run the command by hand to see why',
      });
    });
    child.stdin?.end();
  });
}

/** What a program is started with: not the key to everything else. */
export function dropIdentities(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = new Set<string>(identityVariables);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

/** Editors and programs end a text with a newline that belongs to no password. */
export function dropLastNewline(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}
