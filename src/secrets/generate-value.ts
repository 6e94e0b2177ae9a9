import { randomInt } from 'node:crypto';
import { type Charset, charsets } from './secrets-schema.ts';

/** A random value from the system's own source of randomness, every character equally likely. */
export function generateValue({ length, charset }: { length: number; charset: Charset }): string {
  const characters = charsets[charset];
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
}
