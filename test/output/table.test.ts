import { expect, test } from 'vitest';
import { formatCount, formatDuration } from '../../src/output/format.ts';
import { renderTable } from '../../src/output/table.ts';

test('lines columns up by what is visible, whatever the colours', () => {
  const table = renderTable(
    ['NODE', 'STATE'],
    [
      ['vm-a', '\x1b[32mready\x1b[39m'],
      ['vm-long-name', 'down'],
    ],
  );
  expect(table).toBe('NODE          STATE\nvm-a          \x1b[32mready\x1b[39m\nvm-long-name  down\n');
});

test.each([
  [0.4, '0 ms'],
  [340, '340 ms'],
  [1234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_960, '1 min 00 s'],
  [245_000, '4 min 05 s'],
])('formats %d ms as %s', (durationMs, text) => expect(formatDuration(durationMs)).toBe(text));

test.each([
  [1, '1 host'],
  [0, '0 hosts'],
  [12_408, '12,408 hosts'],
])('counts %d as %s', (count, text) => expect(formatCount(count, 'host')).toBe(text));
