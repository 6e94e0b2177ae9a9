// Numbers and times as people read them.

const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** @param {number | null} value */
export function formatRate(value) {
  if (value === null) return '–';
  return (value < 10 ? tenths : counts).format(value);
}

/** @param {number | null} value milliseconds */
export function formatMs(value) {
  if (value === null) return '–';
  return value < 10 ? tenths.format(value) : counts.format(value);
}

/** @param {number} ms */
export function formatAge(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** @param {number} at wall clock, ms */
export function formatTime(at) {
  return new Date(at).toLocaleTimeString('en-GB');
}
