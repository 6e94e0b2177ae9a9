/** A balancer's NGINX, asked and told over SSH. */
import { UserError } from '../../errors.ts';
import type { Host } from '../../remote/host.ts';
import { CommandError } from '../../remote/remote-errors.ts';
import type { LiveBalancer } from '../live-server.ts';
import { readSeal } from '../seal.ts';
import { loadUnit, readJournal } from '../units.ts';
import { waitUntil } from '../wait.ts';
import { isSettled, parseNginxView, viewScript, workersScript } from './live.ts';
import { nginxConfigPath } from './render-nginx.ts';
import { parseNginxDigest, readNginxDigestScript } from './running-digest.ts';

const unit = 'nginx.service';
const answerTimeoutMs = 10_000;
/** What was begun is ended: half a reload would be no state to go on from. */
const never = new AbortController().signal;

/** The digest of the configuration that runs; `undefined` when nothing answers or it isn't ours. */
export async function readNginxDigest(host: Host): Promise<string | undefined> {
  const { stdout } = await host.run({
    program: 'sh',
    args: ['-c', `${readNginxDigestScript} 2>/dev/null || true`],
    title: 'asking NGINX which configuration it runs',
  });
  return parseNginxDigest(stdout);
}

/** @throws UserError when NGINX doesn't run or its configuration isn't ours. */
export async function viewNginx(host: Host): Promise<LiveBalancer> {
  const { stdout } = await host.run({
    program: 'bash',
    args: ['-s'],
    title: 'looking at NGINX and its servers',
    stdin: viewScript,
    timeoutMs: 30_000,
  });
  const view = parseNginxView(stdout);
  if (view) return view;
  throw new UserError('NGINX does not answer, or runs a configuration that is not ours', {
    place: { host: host.name },
    next: 'look at it on the host: systemctl status nginx; journalctl -u nginx; kawanan up puts it right',
  });
}

/**
 * Changes the configuration in place, has NGINX check it and load it: new workers take all that comes, the old ones end
 * with what they have. Returns when no old worker takes connections any more. What was there before comes back when the
 * new one isn't answered with.
 *
 * @throws UserError in NGINX's own words when it refuses.
 */
export async function changeNginx(host: Host, change: (config: string) => string): Promise<void> {
  const before = (await host.readFile(nginxConfigPath)) ?? '';
  const after = change(before);
  if (after !== before)
    await host.writeFile(nginxConfigPath, after, { mode: 0o644, check: checkNginxCommand });
  const failure = await load(host, readSeal(after));
  if (failure !== undefined) {
    const details = await readJournal(host, unit);
    if (after !== before) {
      await host.writeFile(nginxConfigPath, before, { mode: 0o644 });
      await load(host, readSeal(before));
    }
    throw new UserError(`NGINX doesn't run with the servers it was told: ${failure}; they are as they were`, {
      place: { host: host.name },
      details,
      next: 'run kawanan up: it puts the configuration right',
    });
  }
  await waitUntil(
    async () => {
      const command = { program: 'bash', args: ['-s'], title: "counting NGINX's workers", asRoot: true };
      return isSettled((await host.run({ ...command, stdin: workersScript })).stdout);
    },
    { timeoutMs: answerTimeoutMs, intervalMs: 50, signal: never },
  );
}

/** @returns why nothing answers with the configuration in place. */
async function load(host: Host, digest: string | undefined): Promise<string | undefined> {
  try {
    await loadUnit(host, unit);
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
  const answers = await waitUntil(async () => (await readNginxDigest(host)) === digest, {
    timeoutMs: answerTimeoutMs,
    intervalMs: 50,
    signal: never,
  });
  return answers ? undefined : `no process answered with them within ${answerTimeoutMs / 1000} s`;
}

/** Has NGINX itself read a configuration that isn't in place yet. */
export function checkNginxCommand(configPath: string): { program: string; args: string[]; asRoot: true } {
  return { program: 'nginx', args: ['-t', '-q', '-c', configPath], asRoot: true };
}
