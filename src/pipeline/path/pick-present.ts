/** An object of the entries that have a value. */
export function pickPresent<Value>(entries: (readonly [string, Value | undefined])[]): Record<string, Value> {
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, Value>;
}
