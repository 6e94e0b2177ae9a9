/** Our block in /etc/hosts: every node by name, between two marks, replaced as a whole. */
import { type Cluster, listVirtualAddresses } from '../cluster/cluster.ts';

const beginMark = '# kawanan: nodes of the cluster (begin)';
const endMark = '# kawanan: nodes of the cluster (end)';

/** The block of a cluster: one line a node in the order of the file, then the virtual address as `<cluster>-vip`. */
export function renderHostsBlock(cluster: Cluster): string {
  const lines = cluster.nodes.map((node) => `${node.address} ${node.name}`);
  for (const [index, { address }] of listVirtualAddresses(cluster).entries())
    lines.push(`${address} ${cluster.name}-vip${index === 0 ? '' : index + 1}`);
  return [beginMark, ...lines, endMark, ''].join('\n');
}

/** The file with its block replaced, or appended where it has none; the rest is kept byte for byte. */
export function replaceHostsBlock(content: string, block: string): string {
  const found = findBlock(content);
  if (found) return content.slice(0, found.start) + block + content.slice(found.end);
  const rest = dropLoneMarks(content);
  return `${rest}${rest === '' || rest.endsWith('\n') ? '' : '\n'}${block}`;
}

/** The file without our block: what `replaceHostsBlock` was given, but for a missing last line end. */
export function removeHostsBlock(content: string): string {
  const found = findBlock(content);
  return dropLoneMarks(found ? content.slice(0, found.start) + content.slice(found.end) : content);
}

/** Whether the file bears a mark of ours. */
export function hasHostsBlock(content: string): boolean {
  return removeHostsBlock(content) !== content;
}

function findBlock(content: string): { start: number; end: number } | undefined {
  const match = new RegExp(
    `^${escapeMarks(beginMark)}\\n(?:.*\\n)*?${escapeMarks(endMark)}(?:\\n|$)`,
    'm',
  ).exec(content);
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}

// A mark whose partner was deleted by hand: the lines beside it may be the user's, so only the mark goes.
function dropLoneMarks(content: string): string {
  return content.replaceAll(
    new RegExp(`^(?:${escapeMarks(beginMark)}|${escapeMarks(endMark)})(?:\\n|$)`, 'gm'),
    '',
  );
}

function escapeMarks(text: string): string {
  return text.replaceAll(/[()]/g, '\\$&');
}
