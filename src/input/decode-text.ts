/** The text of a file from its bytes: UTF-8 or, with a byte order mark, UTF-16. */
import { InputError } from '../errors.ts';

/** @throws InputError when the bytes are not text that YAML allows. */
export function decodeText(bytes: Uint8Array, file: string): string {
  const text = decodeBytes(bytes, file);
  const bad = /[^\t\n\r\x20-\x7e\x85\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  // Line breaks of YAML 1.1 that the library, which reads 1.2, doesn't take for ones.
  if (!bad) return text.replaceAll(/\r(?!\n)|\x85/g, '\n');
  const before = text.slice(0, bad.index).split('\n');
  throw new InputError({
    file,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    message: `a ${/[\u2028\u2029]/.test(bad[0]) ? 'line separator' : 'control character'} (U+${bad[0].codePointAt(0)?.toString(16).padStart(4, '0')}) where text is expected`,
    next: 'remove it, or write it as an escape inside double quotes',
  });
}

/** The same, whatever characters it has. @throws InputError when the bytes are no text at all. */
export function decodeBytes(bytes: Uint8Array, file: string): string {
  const encoding = findEncoding(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const line = encoding === 'utf-8' ? findBadLine(bytes) : undefined;
    throw new InputError({
      file,
      ...(line !== undefined && { line }),
      message: `this is not ${encoding.toUpperCase()} text`,
      next: 'save the file as UTF-8',
    });
  }
}

function findEncoding(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

/** The first line that isn't UTF-8, counted from 1. */
function findBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let start = 0; start <= bytes.length; line++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}
