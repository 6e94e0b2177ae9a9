import { inspect } from 'node:util';

/** A secret in memory: prints, inspects and serialises as `[secret]`, and gives its value only when asked by name. */
export class SecretValue {
  readonly #value: Buffer;

  constructor(value: string | Uint8Array) {
    this.#value = Buffer.from(value as string);
  }

  /** The bytes themselves: for the Engine API and stdin only. */
  reveal(): Buffer {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
