/** Which configuration a HAProxy runs whose servers were changed at runtime. No I/O here. */

/** Holds the digest a process was started with and the one it was brought to since; absent where it was started anew. */
export const runtimeMarkerPath = '/var/lib/kawanan/balancer/haproxy.runtime';

export function renderRuntimeMarker(started: string, now: string): string {
  return `${started} ${now}\n`;
}

/** The digest of what runs, from the one the process says it was started with. */
export function readEffectiveDigest(started: string | undefined, marker = ''): string | undefined {
  const [before, now] = marker.trim().split(' ');
  return started !== undefined && before === started && now ? now : started;
}
