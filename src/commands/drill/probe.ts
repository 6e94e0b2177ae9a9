import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../../cli.ts';
import { type HttpTarget, probeLimits } from '../../drill/probe/options.ts';
import { parseTarget } from '../../drill/probe/parse-target.ts';
import { startProbe } from '../../drill/probe/probe.ts';
import { renderReceipt } from '../../drill/probe/render-receipt.ts';
import { exitCodes, InputError, InterruptedError, type Problem } from '../../errors.ts';
import { describeReadFailure } from '../../input/read-failure.ts';

interface ProbeCommandOptions {
  rate: string;
  duration: string;
  timeout: string;
  method?: NonNullable<HttpTarget['method']>;
  body?: string;
  contentType: string;
  newConnections?: boolean;
  insecure?: boolean;
  json?: boolean;
}

/** Adds `kawanan drill probe`. */
export function addProbe(command: Command, context: CommandContext): void {
  command
    .command('probe')
    .description(
      'send requests at a steady rate, whatever comes back, and count what was lost and how late it was',
    )
    .argument('<url...>', 'http://…, https://…, tcp://HOST:PORT, mysql://HOST[:PORT]; they take turns')
    .option('--rate <n>', 'requests a second', '100')
    .option('--duration <seconds>', 'how long', '10')
    .option('--timeout <seconds>', 'an answer that takes longer is a failure', '5')
    .addOption(
      new Option('--method <name>', 'of HTTP requests').choices(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']),
    )
    .option('--body <file>', 'send this file; the method is then POST unless said')
    .option('--content-type <type>', 'of the body', 'application/octet-stream')
    .option('--new-connections', 'open a connection for each HTTP request')
    .option('--insecure', "don't check certificates")
    .option('--json', 'print figures and every record as JSON')
    .action((urls: string[], options: ProbeCommandOptions) => probe(urls, options, context));
}

async function probe(urls: string[], options: ProbeCommandOptions, context: CommandContext): Promise<void> {
  const { terminal, cwd, signal } = context;
  const { rate, durationSeconds, timeoutSeconds } = readNumbers(options);
  const http = await readHttpOptions(options, cwd);
  const result = await startProbe(
    {
      targets: urls
        .map(parseTarget)
        .map((target) => (target.kind === 'http' ? { ...target, ...http } : target)),
      ratePerSecond: rate,
      durationMs: durationSeconds * 1000,
      timeoutMs: timeoutSeconds * 1000,
      insecure: options.insecure ?? false,
    },
    { signal },
  ).finished;
  if (options.json) terminal.out(`${JSON.stringify(result, null, 2)}\n`);
  else {
    terminal.out(`${renderReceipt(result.figures)}\n`);
    const targets = Object.entries(result.byTarget);
    if (targets.length > 1)
      for (const [name, figures] of targets) terminal.out(`  ${name}: ${renderReceipt(figures)}\n`);
  }
  if (result.interrupted) throw new InterruptedError('Interrupted; these are the figures until then');
  if (result.figures.failed > 0) context.setExitCode(exitCodes.failed);
}

/** @throws InputError with every option that is no number, or beyond what a run may be. */
function readNumbers(options: ProbeCommandOptions): {
  rate: number;
  durationSeconds: number;
  timeoutSeconds: number;
} {
  const problems: Problem[] = [];
  const read = (name: 'rate' | 'duration' | 'timeout', limit: number, unit: string): number => {
    const text = options[name];
    const value = Number(text);
    if (text.trim() === '' || !(value > 0 && value <= limit))
      problems.push({
        message: `--${name} ${JSON.stringify(text)} is no number of ${unit}`,
        next: `write one above 0 and up to ${limit}`,
      });
    return value;
  };
  const rate = read('rate', probeLimits.ratePerSecond, 'requests');
  const durationSeconds = read('duration', probeLimits.durationMs / 1000, 'seconds');
  const timeoutSeconds = read('timeout', probeLimits.timeoutMs / 1000, 'seconds');
  if (problems.length === 0 && rate * durationSeconds > probeLimits.requests)
    problems.push({
      message: `--rate ${options.rate} for ${options.duration} s is more than ${probeLimits.requests} requests`,
      next: 'lower --rate or --duration',
    });
  if (problems.length > 0) throw new InputError(problems);
  return { rate, durationSeconds, timeoutSeconds };
}

async function readHttpOptions(options: ProbeCommandOptions, cwd: string): Promise<Partial<HttpTarget>> {
  const connection = options.newConnections ? 'new' : 'keep';
  if (options.body === undefined) return { connection, method: options.method ?? 'GET' };
  const file = resolve(cwd, options.body);
  const body = await readFile(file).catch((cause) => {
    throw new InputError(
      { message: `--body ${file} can't be read: ${describeReadFailure(cause)}` },
      { cause },
    );
  });
  return {
    connection,
    method: options.method ?? 'POST',
    body,
    headers: { 'content-type': options.contentType },
  };
}
