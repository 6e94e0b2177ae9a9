import type { Finding } from '../finding.ts';

/** What both looks found, line by line: what only one of them saw was on its way. Pure. */
export function keepLasting(first: readonly Finding[], second: readonly Finding[]): Finding[] {
  return second.flatMap((finding): Finding[] => {
    if (finding.verdict === 'ok') return [finding];
    const before = first.find(({ about, verdict }) => about === finding.about && verdict !== 'ok');
    const lasting = (finding.evidence ?? []).filter((line) => before?.evidence?.includes(line));
    return lasting.length === 0 ? [] : [{ ...finding, evidence: lasting }];
  });
}
