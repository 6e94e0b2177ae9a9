/** Which labels of a swarm node are ours: their keys are listed in a label of its own. */

/** Holds the keys of the labels that we set, sorted, with commas between. */
export const ownLabelsKey = 'kawanan.labels';

/**
 * A node's labels with ours as wanted: those we set before and no longer want are gone, those of others stay.
 * Where both set the same key, the cluster file wins.
 */
export function mergeLabels(
  current: Record<string, string>,
  wanted: Record<string, string>,
): Record<string, string> {
  const ours = [ownLabelsKey, ...(current[ownLabelsKey] ?? '').split(',')];
  const kept = Object.entries(current).filter(([key]) => !ours.includes(key));
  const keys = Object.keys(wanted).toSorted();
  const own = keys.length > 0 ? { [ownLabelsKey]: keys.join(',') } : {};
  return { ...Object.fromEntries(kept), ...wanted, ...own };
}
