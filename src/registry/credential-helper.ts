/** Asks a credential helper of the docker client, `docker-credential-NAME`, for an account. */
import { execFile } from 'node:child_process';
import type { SecretValue } from '../secrets/secret-value.ts';
import { sealAccount } from './docker-config.ts';

const helperMs = 30_000;
const tooManyBytes = 1024 * 1024;

/**
 * The account that a helper keeps for a registry, `undefined` where it keeps none. The registry's name goes to its
 * standard input, as the helpers' protocol has it.
 *
 * @throws Error with the reason; never with what the helper printed as an answer.
 */
export async function askCredentialHelper(
  helper: string,
  registry: string,
  env: NodeJS.ProcessEnv,
): Promise<SecretValue | undefined> {
  const program = `docker-credential-${helper}`;
  const { stdout, failure } = await runHelper(program, registry, env);
  if (failure !== undefined) {
    // The protocol's words for "not here", on standard output.
    if (/credentials not found in native keychain/i.test(stdout)) return undefined;
    throw new Error(`${program}: ${failure}`);
  }
  let answer: { Username?: unknown; Secret?: unknown };
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw new Error(`${program}: its answer is no JSON`);
  }
  const { Username, Secret } = answer ?? {};
  if (typeof Username !== 'string' || typeof Secret !== 'string')
    throw new Error(`${program}: its answer has no Username and Secret`);
  return sealAccount({
    ...(Username === '<token>' ? { identitytoken: Secret } : { username: Username, password: Secret }),
    serveraddress: registry,
  });
}

function runHelper(
  program: string,
  registry: string,
  env: NodeJS.ProcessEnv,
): Promise<{ stdout: string; failure?: string }> {
  const settings = { env, timeout: helperMs, killSignal: 'SIGKILL' as const, maxBuffer: tooManyBytes };
  return new Promise((done) => {
    const child = execFile(program, ['get'], settings, (error, stdout) => {
      if (!error) return done({ stdout });
      const { code, killed } = error as { code?: number | string; killed?: boolean };
      const failure =
        code === 'ENOENT'
          ? 'there is no such program on the PATH'
          : killed
            ? `no answer within ${helperMs / 1000} s`
            : `it ended with code ${code}`;
      done({ stdout, failure });
    });
    // One that doesn't read what it is asked has answered without.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${registry}\n`);
  });
}
