/** Labs that tests make and break, beside the lab of this checkout. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { findLab } from '../../../src/lab/lab.ts';
import { listResidue } from '../../../src/lab/residue.ts';
import { runLocal } from '../../../src/lab/run-local.ts';
import type { LabStatus } from '../../../src/lab/status.ts';

/** What a lab leaves behind. */
export const nothing = {
  processes: [],
  mounts: [],
  interfaces: [],
  routes: [],
  rules: [],
  cgroups: [],
  files: [],
};

export interface CliResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export type TestLab = Awaited<ReturnType<typeof makeTestLab>>;

/** A lab of its own, in a folder of its own; `kawanan` is `kawanan lab`. Nothing runs yet. */
export async function makeTestLab() {
  const checkout = await mkdtemp(join(tmpdir(), 'kawanan-e2e-'));
  const stateDir = join(checkout, '.kawanan', 'lab');
  const { id } = findLab({ cwd: checkout, env: {}, stateDir });
  const kawananWith = (env: Record<string, string>, ...words: string[]): Promise<CliResult> =>
    runCli(stateDir, env, words);
  const kawanan = (...words: string[]): Promise<CliResult> => kawananWith({}, ...words);
  const must = async (...words: string[]): Promise<CliResult> => {
    const result = await kawanan(...words);
    if (result.exitCode !== 0) throw new Error(`kawanan lab ${words.join(' ')}: ${result.stderr}`);
    return result;
  };
  const status = async (): Promise<LabStatus> => JSON.parse((await kawanan('status', '--json')).stdout);
  const node = async (name: string) => (await status()).nodes.find((one) => one.name === name)!;
  const cluster = async () => parse(await readFile(join(stateDir, 'cluster.yml'), 'utf8'));
  const address = async (name: string): Promise<string> => (await cluster()).nodes[name].address;
  const ssh = async (name: string, script: string): Promise<string> => {
    const { key, known_hosts } = (await cluster()).ssh;
    const trust = [
      '-o',
      `UserKnownHostsFile=${known_hosts}`,
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'BatchMode=yes',
    ];
    const to = `root@${await address(name)}`;
    return (
      await runLocal('ssh', ['-F', 'none', '-i', key, ...trust, '-o', 'ConnectTimeout=5', to, 'sh'], {
        stdin: script,
        accept: [0, 1],
      })
    ).stdout;
  };
  return {
    id,
    checkout,
    kawanan,
    kawananWith,
    must,
    status,
    node,
    cluster,
    address,
    ssh,
    power: async (name: string) => (await node(name)).power,
    bootId: (name: string) => ssh(name, 'cat /proc/sys/kernel/random/boot_id'),
    /** Runs a script in a machine without its network. */
    inside: async (name: string, script: string) => {
      const { pid } = await node(name);
      return (await runLocal('nsenter', ['--target', String(pid), '--all', 'sh'], { stdin: script })).stdout;
    },
    killedAfter: async (delayMs: number, word: string, env: Record<string, string> = {}) => {
      const child = startCli(stateDir, env, [word]);
      await sleep(delayMs);
      child.kill('SIGKILL');
    },
    leftovers: async (subnet: string) => listResidue({ id, subnet, paths: [join(checkout, '.kawanan')] }),
  };
}

function startCli(stateDir: string, env: Record<string, string>, words: string[]) {
  const cli = join(import.meta.dirname, '../../../src/cli.ts');
  return spawn(process.execPath, [cli, 'lab', ...words], {
    env: { ...process.env, KAWANAN_LAB: stateDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function runCli(stateDir: string, env: Record<string, string>, words: string[]): Promise<CliResult> {
  const child = startCli(stateDir, env, words);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  return new Promise((done) => child.once('close', (exitCode) => done({ exitCode, stdout, stderr })));
}

/** Whether sshd says its greeting within a second. */
export async function greets(host: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port: 22 });
    const end = (answer: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      done(answer);
    };
    const timer = setTimeout(() => end(false), 1000);
    socket.once('data', () => end(true));
    socket.once('error', () => end(false));
  });
}
