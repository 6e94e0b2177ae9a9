/** What each revision changed, in a few words. Pure. */
import { diffServices } from './diff.ts';
import { type RevisionContent, readRevision, type StoredRevision } from './revision.ts';
import { stableJson } from './service-fields.ts';

export interface RevisionSummary {
  number: number;
  createdAt: string;
  by: string;
  why: string;
  services: number;
  /** Against the revision before; `undefined` where that is gone or can't be read. */
  changes?: string[];
}

/** Every revision, newest first, with what it changed. */
export function describeRevisions(revisions: StoredRevision[]): RevisionSummary[] {
  const contents = revisions.map(readQuietly);
  return revisions.map(({ number, createdAt, by, why }, index) => {
    const [content, before] = [contents[index], contents[index + 1]];
    return {
      number,
      createdAt,
      by,
      why,
      services: content?.services.length ?? 0,
      ...(content && before && { changes: compareContents(before, content) }),
    };
  });
}

function readQuietly(revision: StoredRevision): RevisionContent | undefined {
  try {
    return readRevision(revision);
  } catch {
    return undefined;
  }
}

/** `web: image, replicas`, `+db`, `-cache`, and what else differs. */
export function compareContents(before: RevisionContent, after: RevisionContent): string[] {
  const changes: string[] = [];
  for (const { key, spec } of after.services) {
    const old = before.services.find((service) => service.key === key);
    if (!old) {
      changes.push(`+${key}`);
      continue;
    }
    const fields = diffServices(old.spec, spec, new Map()).map(({ path, before: was, after: is }) =>
      path === 'replicas' ? `replicas ${was} → ${is}` : path,
    );
    if (fields.length > 0) changes.push(`${key}: ${shorten(fields)}`);
  }
  for (const { key } of before.services) {
    if (!after.services.some((service) => service.key === key)) changes.push(`-${key}`);
  }
  const differs = (pick: (content: RevisionContent) => unknown): boolean =>
    stableJson(pick(before) ?? null) !== stableJson(pick(after) ?? null);
  if (differs(({ networks }) => networks)) changes.push('networks');
  if (differs(({ pinned }) => pinned.configs)) changes.push('configs');
  if (differs(({ pinned }) => pinned.secrets)) changes.push('secrets');
  if (differs(({ balancer }) => balancer)) changes.push('x-balancer');
  return changes;
}

function shorten(fields: string[]): string {
  return fields.length > 3
    ? `${fields.slice(0, 3).join(', ')} and ${fields.length - 3} more`
    : fields.join(', ');
}
