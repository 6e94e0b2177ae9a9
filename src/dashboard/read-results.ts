/** The newest drills and receipts, from the files that kawanan wrote of them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renderReceipt } from '../drill/probe/render-receipt.ts';
import type { Receipt } from '../drill/receipt/receipt.ts';
import type { ReportData } from '../drill/report/report-data.ts';
import type { ResultRow } from './state.ts';

/** Of a folder only the newest files are read, and none that is too large to hold beside everything else. */
const mostFiles = 10;
const mostBytes = 64 * 1024 * 1024;
const mostRows = 40;

interface FoundFile {
  path: string;
  bytes: number;
  changedMs: number;
}

/**
 * Reads the JSON files of the folders again and again; one that didn't change isn't read twice.
 *
 * @returns what reads them: the rows of this cluster, newest first. Folders that aren't there hold nothing.
 */
export function createResultReader(cluster: string, folders: string[]): () => Promise<ResultRow[]> {
  let known = new Map<string, ResultRow[]>();
  return async () => {
    const files = (await Promise.all([...new Set(folders)].map(listFiles))).flat();
    const read = new Map<string, ResultRow[]>();
    for (const file of files) {
      const key = `${file.path} ${file.bytes} ${file.changedMs}`;
      read.set(key, known.get(key) ?? (await readRows(file.path, cluster)));
    }
    known = read;
    return [...read.values()]
      .flat()
      .sort((a, b) => b.at.localeCompare(a.at))
      .slice(0, mostRows);
  };
}

async function listFiles(folder: string): Promise<FoundFile[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name): Promise<FoundFile[]> => {
        const path = join(folder, name);
        const about = await stat(path).catch(() => undefined);
        return about?.isFile() && about.size <= mostBytes
          ? [{ path, bytes: about.size, changedMs: about.mtimeMs }]
          : [];
      }),
  );
  return found
    .flat()
    .sort((a, b) => b.changedMs - a.changedMs)
    .slice(0, mostFiles);
}

async function readRows(path: string, cluster: string): Promise<ResultRow[]> {
  try {
    return describeResults(JSON.parse(await readFile(path, 'utf8')), cluster);
  } catch {
    // Half written, or no file of ours.
    return [];
  }
}

/** The rows of a file's content; none where it holds no results of this cluster. Throws where it only looks as if. */
export function describeResults(content: unknown, cluster: string): ResultRow[] {
  if (typeof content !== 'object' || content === null) return [];
  if ('results' in content && Array.isArray(content.results)) {
    const data = content as ReportData;
    if (data.cluster !== cluster) return [];
    return data.results.map(({ title, verdict, reason, probe }) => ({
      kind: 'drill',
      what: title.trim(),
      at: data.startedAt.trim(),
      verdict,
      says: probe ? renderReceipt(probe.figures) : (reason ?? ''),
    }));
  }
  if (!('what' in content && 'during' in content && 'missed' in content)) return [];
  const { what, startedAt, during, missed } = content as Receipt;
  return [
    {
      kind: 'receipt',
      what: what.trim(),
      at: startedAt.trim(),
      verdict: missed.length === 0 ? 'met' : 'missed',
      says: [renderReceipt(during), ...missed].join('; '),
    },
  ];
}
