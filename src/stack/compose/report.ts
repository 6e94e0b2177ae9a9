/** Where problems and warnings of a compose file go: to their place in the file. */
import { formatPlace, type Problem } from '../../errors.ts';
import type { ComposeDocument, ComposePath } from './compose-document.ts';

export interface Report {
  problem: (path: ComposePath, message: string, next?: string) => void;
  warn: (path: ComposePath, message: string) => void;
}

export interface Findings {
  problems: Problem[];
  warnings: string[];
}

/** Where something stands: in the last of these files that has it, as later files override earlier ones. */
export function locateIn(
  documents: ComposeDocument[],
  path: ComposePath,
): { file: string; line?: number; column?: number } {
  const document = documents.findLast((one) => one.has(path)) ?? findNearest(documents, path);
  return { file: document.file, ...document.locate(path) };
}

export function makeReport(documents: ComposeDocument[], findings: Findings): Report {
  const place = (path: ComposePath) => ({ ...locateIn(documents, path), path: path.join('.') });
  return {
    problem: (path, message, next) =>
      findings.problems.push(
        next === undefined ? { ...place(path), message } : { ...place(path), message, next },
      ),
    warn: (path, message) => {
      const text = `${formatPlace(place(path))}: ${message}`;
      if (!findings.warnings.includes(text)) findings.warnings.push(text);
    },
  };
}

function findNearest(documents: ComposeDocument[], path: ComposePath): ComposeDocument {
  for (let length = path.length - 1; length > 0; length--) {
    const document = documents.findLast((one) => one.has(path.slice(0, length)));
    if (document) return document;
  }
  return documents[0] as ComposeDocument;
}
