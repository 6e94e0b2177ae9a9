import { expect, test } from 'vitest';
import { renderClusterFile } from '../../src/lab/cluster-file.ts';
import { labNetwork } from '../../src/lab/lab.ts';

const lab = {
  id: '0a1b2c3d',
  stateDir: '/c/.kawanan/lab',
  machinesDir: '/m',
  cacheDir: '/cache',
  projectDir: '/c',
};

test('the lab’s cluster file is the reference cluster', () => {
  expect(
    renderClusterFile(lab, labNetwork(1), 'lab'),
  ).toBe(`# Written by kawanan lab up; gone after kawanan lab down.
name: lab
ssh:
  user: root
  key: /c/.kawanan/lab/id_ed25519
  known_hosts: /c/.kawanan/lab/known_hosts
nodes:
  vm-loadbalancer1:
    address: 198.18.1.11
    role: balancer
  vm-loadbalancer2:
    address: 198.18.1.12
    role: balancer
  vm-dockerswarmmanager:
    address: 198.18.1.13
    role: manager
  vm-dockerswarmworker1:
    address: 198.18.1.14
    role: worker
    labels:
      zone: a
  vm-dockerswarmworker2:
    address: 198.18.1.15
    role: worker
    labels:
      zone: b
balancer:
  engine: haproxy
  vip: 198.18.1.20/24
stack:
  name: sirip-hiu
  file:
    - /c/stacks/sirip-hiu/compose.yml
    - /c/stacks/sirip-hiu/compose.lab.yml
secrets: /c/.kawanan/lab/secrets.yml
images:
  archives:
    debian:trixie-slim: /cache/trixie-1/debian-trixie-slim.tar
  cache: /cache/images
`);
});

test('with the official images the stack is the one file that users deploy', () => {
  expect(renderClusterFile(lab, labNetwork(1), 'official')).toContain(
    '\n  file: /c/stacks/sirip-hiu/compose.yml\n',
  );
});
