import { expect, test } from 'vitest';
import { renderTable } from '../../../src/drill/faults/packets.ts';

test.each([
  ['between balancers', 'ip saddr { 192.0.2.12, 192.0.2.13 } drop'],
  ['adverts', 'ip saddr { 192.0.2.12, 192.0.2.13 } ip protocol 112 drop'],
  ['a fifth', 'iifname != "lo" numgen random mod 5 < 1 drop'],
] as const)('drops %s in a table of its own', (which, rule) => {
  expect(renderTable(which, ['192.0.2.12', '192.0.2.13'])).toBe(
    `table ip kawanan_drill {\n  chain input {\n    type filter hook input priority -10; policy accept;\n    ${rule}\n  }\n}\n`,
  );
});
