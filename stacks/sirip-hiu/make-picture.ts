import { crc32, deflateSync } from 'node:zlib';

/** A PNG of `side`² pixels of noise: it can't be compressed, so a side of 245 makes about 180 kB. The same seed, the same bytes. */
export function makePicture(side: number, seed: number): Buffer {
  let state = seed >>> 0 || 1;
  const rows = Buffer.alloc(side * (1 + side * 3));
  for (let index = 0; index < rows.length; index++) {
    // xorshift32; the first byte of each row names its filter, 0: none (PNG specification, section 9)
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    rows[index] = index % (1 + side * 3) === 0 ? 0 : state & 0xff;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    makeChunk('IHDR', header),
    makeChunk('IDAT', deflateSync(rows)),
    makeChunk('IEND'),
  ]);
}

function makeChunk(type: string, data = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
