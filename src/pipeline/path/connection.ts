/** What became of one connection, wherever it was tried from. No I/O here. */

/** Where to connect, and what to ask there. */
export interface Target {
  address: string;
  port: number;
  /** `tcp`: is a connection taken? `mysql`: does it greet? `http`: what status does the request get? */
  ask: { kind: 'tcp' } | { kind: 'mysql' } | { kind: 'http'; method: string; path: string };
}

export type Outcome =
  /** It answered as it should: a connection, a greeting, a status below 400. */
  | { kind: 'answered'; detail: string }
  /** There was an answer, but not the one of a working application: HTTP 500, no greeting. */
  | { kind: 'wrong'; detail: string }
  /** A connection was taken, then nothing came. */
  | { kind: 'silent' }
  /** The machine says that nothing listens there. */
  | { kind: 'refused' }
  /** Nobody answers at all. */
  | { kind: 'timeout' }
  /** A router or the kernel says that there is no way. */
  | { kind: 'unreachable'; detail: string };

const words: Record<Exclude<Outcome['kind'], 'answered' | 'wrong'>, string> = {
  silent: 'takes the connection, then says nothing',
  refused: 'connection refused',
  timeout: 'no answer',
  unreachable: 'no way there',
};

/** An outcome as evidence: `HTTP 500`, `connection refused`. */
export function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'answered' || outcome.kind === 'wrong') return outcome.detail;
  return outcome.kind === 'unreachable' ? `${words.unreachable} (${outcome.detail})` : words[outcome.kind];
}

/** `http://198.18.0.14:8000/healthz`, as one would type it. */
export function describeTarget({ address, port, ask }: Target): string {
  return ask.kind === 'http' ? `http://${address}:${port}${ask.path}` : `${address}:${port}`;
}

/** How a connection ended on its way or after it was taken; what {@link judgeAnswer} makes an outcome of. */
export type Ending =
  | { kind: 'taken'; firstBytes: Buffer }
  | { kind: 'silent' | 'refused' | 'timeout' }
  | { kind: 'unreachable'; detail: string };

/** Whether what came back is what a working application says. */
export function judgeAnswer({ ask }: Target, ending: Ending): Outcome {
  if (ending.kind !== 'taken') return ending;
  const { firstBytes } = ending;
  if (ask.kind === 'tcp') return { kind: 'answered', detail: 'takes connections' };
  if (firstBytes.length === 0) return { kind: 'wrong', detail: 'closes the connection without an answer' };
  if (ask.kind === 'mysql') {
    // Three bytes of length, sequence number 0, protocol version 10; a refusal has ff instead (MySQL protocol, HandshakeV10).
    if (firstBytes[3] === 0 && firstBytes[4] === 10) return { kind: 'answered', detail: 'greets as MySQL' };
    return { kind: 'wrong', detail: 'refuses with an error of MySQL or speaks another protocol' };
  }
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(firstBytes.toString('latin1'))?.[1];
  if (status === undefined) return { kind: 'wrong', detail: 'answers, but not in HTTP' };
  return { kind: Number(status) < 400 ? 'answered' : 'wrong', detail: `HTTP ${status}` };
}
