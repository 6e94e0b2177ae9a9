import { describe, expect, test } from 'vitest';
import { addNodeToFile, removeNodeFromFile, setRoleInFile } from '../../src/cluster/edit-cluster-file.ts';
import { InputError } from '../../src/errors.ts';

const flow = `# our lab
name: lab # the name
nodes:
  m1: {address: 192.0.2.13, role: manager} # in the cellar
  w1: {address: 192.0.2.14, role: worker, labels: {zone: a}}
stack: {name: s, file: compose.yml}
`;
const block = `name: lab
nodes:
  # the only one
  m1:
    address: 192.0.2.13
    role: manager
`;
const w2 = { name: 'w2', address: '192.0.2.15', role: 'worker' as const, labels: {} };

describe('a cluster file', () => {
  test('gets a node as its neighbours are written, on one line', () => {
    expect(addNodeToFile(flow, { ...w2, labels: { zone: 'b' } })).toBe(
      flow.replace('stack:', '  w2: {address: 192.0.2.15, role: worker, labels: {zone: b}}\nstack:'),
    );
  });

  test('gets a node as its neighbours are written, on several', () => {
    expect(addNodeToFile(block, w2)).toBe(`${block}  w2:\n    address: 192.0.2.15\n    role: worker\n`);
  });

  test('loses a node and nothing else', () => {
    expect(removeNodeFromFile(flow, 'w1')).toBe(flow.replace(/ {2}w1: .*\n/, ''));
  });

  test('gets another role and keeps its comments', () => {
    expect(setRoleInFile(flow, 'w1', 'manager')).toBe(flow.replace('role: worker', 'role: manager'));
  });

  test.each([
    ['a name that is taken', () => addNodeToFile(flow, { ...w2, name: 'w1' })],
    ['the removal of a node that it has not', () => removeNodeFromFile(flow, 'w9')],
    ['a role for a node that it has not', () => setRoleInFile(flow, 'w9', 'worker')],
    ['nodes where there are none', () => addNodeToFile('name: x\n', w2)],
  ])('refuses %s', (_, edit) => {
    expect(edit).toThrow(InputError);
  });
});
