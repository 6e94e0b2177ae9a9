/**
 * Takeovers that were none: a computer that stands still for 300 ms keeps one balancer from being heard, the other one takes
 * the address, and gives it back at the first word. Requests of that moment are lost, whatever was being tried. Pure.
 */
export interface FalseAlarm {
  balancer: string;
  /** Unix milliseconds. */
  beganMs: number;
  endedMs: number;
}

/** How soon one ends that hears the other again; who is meant to hold the address holds it for longer. */
const longestMs = 1_000;
/** What journals and clients differ by. */
const toleranceMs = 200;

/** Those that the lines of journals tell of, in `short-iso-precise`, of each balancer in their order. */
export function findFalseAlarms(lines: readonly string[]): FalseAlarm[] {
  const alarms: FalseAlarm[] = [];
  const began = new Map<string, number>();
  for (const line of lines) {
    const told = /^(\S+) (\S+) Keepalived_vrrp\[\d+\]: \(\S+\) Entering (MASTER|BACKUP|FAULT) STATE/.exec(
      line,
    );
    if (!told) continue;
    const [time, balancer, state] = told.slice(1) as [string, string, string];
    const atMs = Date.parse(time);
    const beganMs = began.get(balancer);
    if (state === 'BACKUP' && beganMs !== undefined && atMs - beganMs <= longestMs)
      alarms.push({ balancer, beganMs, endedMs: atMs });
    began.delete(balancer);
    if (state === 'MASTER') began.set(balancer, atMs);
  }
  return alarms;
}

/** Whether a request, in Unix milliseconds, was sent while the address had two holders. */
export function isOfFalseAlarm(sentMs: number, alarms: readonly FalseAlarm[]): boolean {
  return alarms.some(
    ({ beganMs, endedMs }) => sentMs >= beganMs - toleranceMs && sentMs <= endedMs + toleranceMs,
  );
}
