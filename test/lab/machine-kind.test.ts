import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import {
  chooseMachines,
  describeMachines,
  type MachineRequest,
  parseMachineRequest,
  sameMachines,
} from '../../src/lab/machine-kind.ts';

const containers = {
  'vm-loadbalancer1': 'nspawn',
  'vm-loadbalancer2': 'nspawn',
  'vm-dockerswarmmanager': 'nspawn',
  'vm-dockerswarmworker1': 'nspawn',
  'vm-dockerswarmworker2': 'nspawn',
} as const;
const kernels = {
  ...containers,
  'vm-dockerswarmmanager': 'uml',
  'vm-dockerswarmworker1': 'uml',
  'vm-dockerswarmworker2': 'uml',
} as const;

describe('--machines', () => {
  test.each<[string, MachineRequest]>([
    ['nspawn', 'nspawn'],
    ['uml', 'uml'],
    ['auto', 'auto'],
    ['vm-dockerswarmworker1=uml', { 'vm-dockerswarmworker1': 'uml' }],
    ['manager=uml,loadbalancer2=nspawn', { 'vm-dockerswarmmanager': 'uml', 'vm-loadbalancer2': 'nspawn' }],
  ])('%s', (text, expected) => {
    expect(parseMachineRequest(text)).toEqual(expected);
  });

  test.each([
    ['kvm', ['"kvm" is no kind of machine; there are auto, nspawn, uml']],
    ['', ['"" is no kind of machine']],
    ['worker1=kvm', ['"kvm" is no kind of machine; there are nspawn, uml']],
    ['worker1=auto', ['"auto" is no kind of machine']],
    ['worker1=uml=1', ['"uml=1" is no kind of machine']],
    ['nobody=uml', ['the lab has no node "nobody"; its nodes are vm-loadbalancer1, ']],
    ['worker=uml', ['the lab has no node "worker"']],
    ['worker1=uml,vm-dockerswarmworker1=nspawn', ['vm-dockerswarmworker1 is named twice']],
    ['worker1=uml,', ['the lab has no node ""', '"" is no kind of machine']],
    ['nobody=kvm,nothing=uml', ['"nobody"', '"kvm"', '"nothing"']],
  ])('%j is refused, with all that is wrong with it', (text, problems) => {
    const refuse = (): MachineRequest => parseMachineRequest(text);
    expect(refuse).toThrow(InputError);
    for (const problem of problems) expect(refuse).toThrow(problem);
  });
});

describe('which machines a new lab has', () => {
  test.each<[string, MachineRequest | undefined, boolean, object, string]>([
    ['containers, unless told', undefined, true, containers, "this computer's kernel has IPVS"],
    ['containers, and what they lack', undefined, false, containers, 'no IPVS: no ingress mesh'],
    ['kernels where this one has no IPVS', 'auto', false, kernels, 'has no IPVS'],
    ['containers where it has', 'auto', true, containers, 'has IPVS'],
    ['kernels of the swarm’s nodes, as told', 'uml', true, kernels, 'as told'],
    ['containers, as told', 'nspawn', false, containers, 'as told'],
    [
      'a kernel of one node, as told',
      { 'vm-loadbalancer1': 'uml' },
      false,
      { ...containers, 'vm-loadbalancer1': 'uml' },
      'as told',
    ],
  ])('%s', (_name, request, ipvs, kinds, reason) => {
    const choice = chooseMachines(request, ipvs);
    expect(choice.kinds).toEqual(kinds);
    expect(choice.reason).toContain(reason);
  });
});

test.each<[MachineRequest | undefined, boolean]>([
  [undefined, true],
  ['uml', true],
  ['auto', true],
  ['nspawn', false],
  [{ 'vm-dockerswarmworker1': 'uml' }, true],
  [{ 'vm-dockerswarmworker1': 'nspawn' }, false],
])('a lab whose swarm nodes have kernels of their own is what %j asks for: %s', (request, same) => {
  expect(sameMachines(kernels, request, false)).toBe(same);
});

test('machines are described by kind, and by name where there are several kinds', () => {
  expect(describeMachines(containers)).toBe('nspawn');
  expect(describeMachines(kernels)).toBe(
    'nspawn: vm-loadbalancer1, vm-loadbalancer2; uml: vm-dockerswarmmanager, vm-dockerswarmworker1, vm-dockerswarmworker2',
  );
});
