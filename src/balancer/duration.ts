const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration as `x-balancer` writes it (`500ms`, `30s`, `8h`) in milliseconds. */
export function parseDurationMs(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(number) * unitsMs[unit as keyof typeof unitsMs];
}
