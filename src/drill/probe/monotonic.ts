/** Milliseconds of the system's monotonic clock: the same in every thread and process of this computer. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
