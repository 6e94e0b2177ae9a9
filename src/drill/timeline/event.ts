/** One thing that happened while a drill ran. Plain data. */
export interface TimelineEvent {
  /** In the time of the probe's records. */
  atMs: number;
  kind: 'drill' | 'vrrp' | 'server' | 'docker' | 'probe';
  /** The machine that says so; absent for what this computer saw. */
  host?: string;
  text: string;
}

/** Events of all sources in the order they happened; those of one moment stay as they were given. */
export function mergeTimeline(...sources: TimelineEvent[][]): TimelineEvent[] {
  return sources.flat().toSorted((a, b) => a.atMs - b.atMs);
}
