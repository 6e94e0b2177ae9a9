/** What became of one request. Times are milliseconds since the first counted request was due; negative in the warm-up. */
export interface ProbeRecord {
  /** Its place in the schedule, from 0; requests of the warm-up come first. */
  index: number;
  /** Name of the target. */
  target: string;
  /** When it was due. */
  intendedMs: number;
  /** When it was handed to the network; null when it never was. */
  startedMs: number | null;
  /** When the answer was complete, or the failure known. */
  endedMs: number;
  /** Null when it succeeded; else the kind: `timeout`, `status 502`, `ECONNREFUSED`, `too many in flight`. */
  failure: string | null;
  /** HTTP status, when an answer began. */
  status: number | null;
  /** Who answered, as the target's `serverHeader` says. */
  server: string | null;
  /** Length of the answer's body. */
  bytes: number;
}

/** Something that happened during a run, in the records' time. */
export interface ProbeMark {
  name: string;
  atMs: number;
}
