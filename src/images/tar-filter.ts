/** A tar stream without some of its members: the layers that a receiver has already. */
import { Transform, type TransformCallback } from 'node:stream';

const blockBytes = 512;

/** Drops the members of these names, passes all else on as it is. */
export function dropTarMembers(names: ReadonlySet<string>): Transform {
  let header = Buffer.alloc(0);
  /** Blocks that describe the member after them (pax, GNU long names); they share its fate. */
  let held: Buffer[] = [];
  let longName: string | undefined;
  /** Bytes of content and padding still to come, and what becomes of them. */
  let remaining = 0;
  let fate: 'pass' | 'drop' | 'hold' = 'pass';

  const takeHeader = (block: Buffer): Buffer[] => {
    const type = String.fromCharCode(block[156]!);
    const size = readSize(block);
    remaining = Math.ceil(size / blockBytes) * blockBytes;
    if (type === 'x' || type === 'L') {
      fate = 'hold';
      held.push(block);
      return [];
    }
    const name = longName ?? readName(block);
    longName = undefined;
    const before = held;
    held = [];
    fate = names.has(name) ? 'drop' : 'pass';
    return fate === 'drop' ? [] : [...before, block];
  };

  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      let rest = chunk;
      while (rest.length > 0) {
        if (remaining > 0) {
          const content = rest.subarray(0, remaining);
          rest = rest.subarray(content.length);
          remaining -= content.length;
          if (fate === 'pass') this.push(content);
          if (fate === 'hold') {
            held.push(content);
            if (remaining === 0) longName = readLongName(Buffer.concat(held)) ?? longName;
          }
          continue;
        }
        const missing = blockBytes - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < blockBytes) break;
        for (const part of takeHeader(header)) this.push(part);
        header = Buffer.alloc(0);
      }
      done();
    },
    flush(done) {
      if (header.length > 0) this.push(header);
      done();
    },
  });
}

function readText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8');
}

function readName(block: Buffer): string {
  const prefix =
    block.subarray(257, 262).toString('latin1') === 'ustar' ? readText(block.subarray(345, 500)) : '';
  const name = readText(block.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Octal digits, or GNU's base 256 for what they can't hold. */
function readSize(block: Buffer): number {
  const field = block.subarray(124, 136);
  if ((field[0]! & 0x80) !== 0) return Number(BigInt(`0x${field.subarray(1).toString('hex')}`));
  return Number.parseInt(readText(field).trim() || '0', 8);
}

/** The name in the last of the held members, headers included. */
function readLongName(held: Buffer): string | undefined {
  const type = String.fromCharCode(held[156]!);
  const content = held.subarray(blockBytes);
  return type === 'L' ? readText(content) : /^\d+ path=(.*)$/m.exec(content.toString('utf8'))?.[1];
}
