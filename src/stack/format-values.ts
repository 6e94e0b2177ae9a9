/** The engine's numbers as compose files spell them. Pure. */

/** Nanoseconds as `1m30s`, `500ms`, `0s`. */
export function formatNanoseconds(nanoseconds: number): string {
  if (nanoseconds < 1e9 && nanoseconds > 0)
    return nanoseconds % 1e6 === 0 ? `${nanoseconds / 1e6}ms` : `${nanoseconds}ns`;
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = (nanoseconds % 60e9) / 1e9;
  const parts = [
    hours > 0 ? `${hours}h` : '',
    minutes > 0 ? `${minutes}m` : '',
    seconds > 0 ? `${seconds}s` : '',
  ];
  return parts.join('') || '0s';
}

/** Bytes as `64M`, `1.5G`, `1000` (powers of 1024, exact). */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ['G', 1024 ** 3],
    ['M', 1024 ** 2],
    ['K', 1024],
  ] as const) {
    if (bytes >= size && (bytes / size) * 100 === Math.round((bytes / size) * 100))
      return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
