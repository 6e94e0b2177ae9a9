/** Looks for secrets where none may be: in texts, in what processes were started with, in files of machines. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../../../src/remote/host.ts';

/** The shapes in which a value may turn up: as it is, and in base64 (at any offset), hex, and the encoding of URLs. */
export function listShapes(marker: string): string[] {
  const bytes = Buffer.from(marker);
  const base64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // the characters at both ends also depend on what stands beside it
    return encoded.slice(offset === 0 ? 0 : offset + 1, encoded.length - 4);
  });
  return [...new Set([marker, ...base64, bytes.toString('hex'), encodeURIComponent(marker)])];
}

/** Which of the markers stand in the text, in whichever shape. */
export function findLeaks(text: string, markers: readonly string[]): string[] {
  return markers.filter((marker) => listShapes(marker).some((shape) => text.includes(shape)));
}

/** What every process on this computer, those of the lab's machines and their containers included, was started with. */
export interface ProcessSampler {
  /** Looks once more, and ends. @returns each command line and each environment that was seen, once. */
  stop(): Promise<{ passes: number; seen: Set<string> }>;
}

const pauseMs = 15;

/** Reads /proc again and again. Needs root, to see environments. What lives shorter than a pass may be missed. */
export function sampleProcesses(): ProcessSampler {
  const seen = new Set<string>();
  let passes = 0;
  let ending = false;
  const look = async (): Promise<void> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const reads = pids.flatMap((pid) => ['cmdline', 'environ'].map((what) => `/proc/${pid}/${what}`));
    // a process that is gone by now has nothing to show
    const texts = await Promise.all(reads.map((path) => readFile(path, 'latin1').catch(() => '')));
    for (const text of texts) if (text !== '') seen.add(text);
    passes += 1;
  };
  const running = (async () => {
    while (!ending) {
      await look();
      await sleep(pauseMs);
    }
    await look();
  })();
  return {
    stop: async () => {
      ending = true;
      await running;
      return { passes, seen };
    },
  };
}

/** Where a machine keeps what it was told. Containers' own view of /run/secrets, which is memory, is left out. */
const places = ['/etc', '/home', '/opt', '/root', '/run', '/srv', '/tmp', '/var', '/dev/shm'];
const grep = ['-rlasF', '-D', 'skip', '-f', '-', '--exclude-dir=secrets', '--exclude-dir=merged'];

const journalSearch = 'exec 3<&0; journalctl --all --no-pager -o export </dev/null | grep -acF -f /dev/fd/3';

/** Files of a machine that have one of the markers in them, and its journal where an entry has. */
export async function searchMachine(host: Host, markers: readonly string[]): Promise<string[]> {
  // the patterns come on standard input: as arguments they would be the leak
  const stdin = `${markers.flatMap(listShapes).join('\n')}\n`;
  const common = { stdin, accept: [0, 1, 2], timeoutMs: 120_000 };
  const files = await host.run({ program: 'grep', args: [...grep, ...places], ...common });
  const journal = await host.run({ program: 'sh', args: ['-c', journalSearch], ...common });
  const inJournal = Number(journal.stdout.trim()) > 0 ? ['the journal'] : [];
  return [...files.stdout.split('\n').filter((line) => line !== ''), ...inJournal].map(
    (path) => `${host.name}: ${path}`,
  );
}
