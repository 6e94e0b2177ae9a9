/**
 * What a MySQL server said first: null when more bytes are needed; `failure` is null for a greeting.
 * A packet: length (3 bytes, least first), number, payload. The payload begins with the protocol version, 10 (9 before
 * 3.21); or 255 for an error, its code (2 bytes, least first) and its text.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 */
export function readGreeting(bytes: Buffer): { failure: string | null } | null {
  if (bytes.length < 4) return null;
  const length = bytes.readUIntLE(0, 3);
  // A greeting has some 80 bytes; a web server's answer would read as millions.
  if (length === 0 || length > 1024) return { failure: 'not a MySQL greeting' };
  if (bytes.length < 4 + length) return null;
  const payload = bytes.subarray(4, 4 + length);
  if (payload[0] === 10 || payload[0] === 9) return { failure: null };
  if (payload[0] !== 255 || payload.length < 3) return { failure: 'not a MySQL greeting' };
  const text = payload.toString('utf8', 3).replace(/^#.{5}/, '');
  return { failure: `MySQL error ${payload.readUInt16LE(1)}${text === '' ? '' : `: ${text}`}` };
}
