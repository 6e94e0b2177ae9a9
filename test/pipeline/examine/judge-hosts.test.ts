import { expect, test } from 'vitest';
import type { HostState } from '../../../src/hosts/host-state.ts';
import { judgeHosts } from '../../../src/pipeline/examine/judge-hosts.ts';
import { ConnectionError } from '../../../src/remote/remote-errors.ts';
import { makeBareHost, makeCluster, makeNode } from '../../hosts/states.ts';

const lb = makeNode('lb', '198.18.0.11', 'balancer');
const m = makeNode('m', '198.18.0.13', 'manager');
const w = makeNode('w', '198.18.0.14', 'worker');
const cluster = makeCluster([lb, m, w]);
const host = (ipvs: HostState['kernel']['ipvs']): HostState =>
  makeBareHost({ kernel: { ipvs, overlay: 'present', vxlan: 'present' } });
const answers = (about: string) => ({
  verdict: 'ok',
  about,
  message: 'answers as root, Debian GNU/Linux 13 (trixie)',
});

test('names the swarm nodes whose kernel has no IPVS; a balancer needs none', () => {
  const nodes = { lb: host('missing'), m: host('missing'), w: host('missing') };
  expect(judgeHosts(cluster, { nodes })).toEqual([
    answers('lb'),
    answers('m'),
    answers('w'),
    {
      verdict: 'warning',
      about: 'm, w',
      message:
        'no IPVS in the kernel: published ports of the ingress mesh and virtual service addresses answer nothing',
      next: 'publish ports with mode: host and use endpoint_mode: dnsrr, or run a kernel with ip_vs',
    },
  ]);
});

test('says nothing of kernels that have IPVS, or of which nobody knows', () => {
  const nodes = { lb: host('missing'), m: host('present'), w: host('unknown') };
  expect(judgeHosts(cluster, { nodes })).toEqual(['lb', 'm', 'w'].map(answers));
});

test('a machine that does not answer is broken, and the others are looked at', () => {
  const error = new ConnectionError('w', 'timeout', 'no answer from 198.18.0.14 port 22');
  const nodes = {
    lb: host('present'),
    m: makeBareHost({ system: { id: 'alpine', version: '3.22', name: 'Alpine Linux' } }),
    w: { kind: 'unreachable' as const, error },
  };
  const findings = judgeHosts(cluster, { nodes });
  expect(findings.map(({ verdict, about }) => [verdict, about])).toEqual([
    ['ok', 'lb'],
    ['broken', 'm'],
    ['broken', 'w'],
  ]);
});
