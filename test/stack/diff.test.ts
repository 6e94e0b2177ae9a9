import { describe, expect, test } from 'vitest';
import { describeNewService, diffNetworks, diffServices } from '../../src/stack/diff.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import { readNetworkNames } from '../../src/stack/plan.ts';
import { makeSpec, readRecording, recordedEngines } from './builders.ts';

describe.each(recordedEngines)('what engine %s answers', (engine) => {
  const { sent, observed } = readRecording(engine);
  const names = readNetworkNames(observed);

  test.each(sent.services.map((spec) => [spec.Name, spec] as const))(
    'is no difference to what %s was sent as',
    (name, spec) => {
      const kept = observed.services.find((service) => service.Spec.Name === name)!;
      expect(diffServices(kept.Spec, spec, names)).toEqual([]);
    },
  );

  test.each(sent.networks.map((spec) => [spec.Name, spec] as const))(
    'is no difference to network %s',
    (name, spec) => {
      expect(diffNetworks(observed.networks.find((network) => network.Name === name)!, spec)).toEqual([]);
    },
  );
});

type Change = (spec: ServiceSpec) => void;
const container = (spec: ServiceSpec) => spec.TaskTemplate.ContainerSpec;

describe('a difference between services reads', () => {
  test.each<[string, Change, Change, unknown[]]>([
    [
      'replicas',
      () => {},
      (s) => {
        s.Mode = { Replicated: { Replicas: 3 } };
      },
      [{ path: 'replicas', before: '1', after: '3' }],
    ],
    [
      'replicas to none',
      () => {},
      (s) => {
        s.Mode = { Replicated: { Replicas: 0 } };
      },
      [{ path: 'replicas', before: '1', after: '0' }],
    ],
    [
      'image',
      () => {},
      (s) => {
        container(s).Image = 'shop/app:2';
      },
      [{ path: 'image', before: 'shop/app:1', after: 'shop/app:2' }],
    ],
    [
      'a digest nobody asked for',
      (s) => {
        container(s).Image = 'shop/app:1@sha256:aa';
      },
      () => {},
      [],
    ],
    [
      'a digest that is asked for',
      (s) => {
        container(s).Image = 'shop/app:1@sha256:aa';
      },
      (s) => {
        container(s).Image = 'shop/app:1@sha256:bb';
      },
      [{ path: 'image', before: 'shop/app:1@sha256:aa', after: 'shop/app:1@sha256:bb' }],
    ],
    [
      'environment',
      (s) => {
        container(s).Env = ['A=1', 'B=1', 'D'];
      },
      (s) => {
        container(s).Env = ['B=2', 'A=1', 'C=x=y'];
      },
      [
        { path: 'env.B', before: '1', after: '2' },
        { path: 'env.C', after: 'x=y' },
        { path: 'env.D', before: '(unset)' },
      ],
    ],
    [
      'a variable that looks secret',
      (s) => {
        container(s).Env = ['DB_PASSWORD=old', 'DB_PASSWORD_FILE=/run/secrets/a', 'URL=http://u:pw1@db/x'];
      },
      (s) => {
        container(s).Env = ['DB_PASSWORD=new', 'DB_PASSWORD_FILE=/run/secrets/b', 'URL=http://u:pw2@db/x'];
      },
      [
        { path: 'env.DB_PASSWORD', before: '(hidden)', after: '(hidden), changed' },
        { path: 'env.DB_PASSWORD_FILE', before: '/run/secrets/a', after: '/run/secrets/b' },
        { path: 'env.URL', before: 'http://u:(hidden)@db/x', after: 'http://u:(hidden)@db/x, changed' },
      ],
    ],
    [
      'a command with a password in it',
      (s) => {
        container(s).Args = ['run', '--password=one'];
      },
      (s) => {
        container(s).Args = ['run', '--password=two'];
      },
      [{ path: 'command', before: 'run --password=(hidden)', after: 'run --password=(hidden), changed' }],
    ],
    [
      'a new version of a secret',
      (s) => {
        container(s).Secrets = [
          { File: { Name: 'pw', UID: '0', GID: '0', Mode: 0o444 }, SecretID: 'x', SecretName: 'pw' },
        ];
      },
      (s) => {
        container(s).Secrets = [
          { File: { Name: 'pw', UID: '0', GID: '0', Mode: 0o400 }, SecretID: '', SecretName: 'pw.v2' },
        ];
      },
      [{ path: 'secrets.pw', before: 'pw', after: 'pw.v2 0400' }],
    ],
    [
      'ports',
      (s) => {
        s.EndpointSpec = { Ports: [{ TargetPort: 80, PublishedPort: 80, PublishMode: 'ingress' }] };
      },
      (s) => {
        s.EndpointSpec = {
          Mode: 'dnsrr',
          Ports: [{ TargetPort: 80, PublishedPort: 80, PublishMode: 'host' }],
        };
      },
      [
        { path: 'endpoint_mode', before: 'vip', after: 'dnsrr' },
        { path: 'ports.80:80/tcp', before: 'ingress', after: 'host' },
      ],
    ],
    [
      'limits',
      () => {},
      (s) => {
        s.TaskTemplate.Resources = { Limits: { NanoCPUs: 5e8, MemoryBytes: 64 * 1024 ** 2 } };
      },
      [
        { path: 'resources.limits.cpus', after: '0.5' },
        { path: 'resources.limits.memory', after: '64M' },
      ],
    ],
    [
      'a delay of nothing in place of the assumed one',
      () => {},
      (s) => {
        s.TaskTemplate.RestartPolicy = { Delay: 0 };
      },
      [{ path: 'restart_policy.delay', before: '5s', after: '0s' }],
    ],
    [
      'a default that is written out',
      () => {},
      (s) => {
        s.UpdateConfig = { Parallelism: 1, Order: 'stop-first', Monitor: 5e9 };
      },
      [],
    ],
    [
      'a health check that is gone',
      (s) => {
        container(s).Healthcheck = { Test: ['CMD', 'true'], Interval: 90e9 };
      },
      () => {},
      [
        { path: 'healthcheck.test', before: 'CMD true' },
        { path: 'healthcheck.interval', before: '1m30s' },
      ],
    ],
    [
      'an unknown field of a later converter',
      () => {},
      (s) => Object.assign(container(s), { SomeNewThing: { DeepOne: ['x', 'y'] } }),
      [{ path: 'some_new_thing.deep_one', after: 'x y' }],
    ],
    [
      'a forced update',
      (s) => {
        s.TaskTemplate.ForceUpdate = 3;
      },
      () => {},
      [],
    ],
    [
      'the label that repeats the image',
      (s) => {
        s.Labels!['com.docker.stack.image'] = 'other';
      },
      () => {},
      [],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(diffServices(makeSpec('web', before), makeSpec('web', after), new Map())).toEqual(expected);
  });
});

test('a new service tells what is said, not what is assumed', () => {
  const spec = makeSpec('web', (s) => {
    s.TaskTemplate.RestartPolicy = { Condition: 'any', MaxAttempts: 3 };
    s.TaskTemplate.Networks = [{ Target: 'stk_net', Aliases: ['web', 'alias'] }];
  });
  expect(describeNewService(spec, new Map([['stk_net', 'stk_net']]))).toEqual([
    { path: 'image', after: 'shop/app:1' },
    { path: 'replicas', after: '1' },
    { path: 'networks.stk_net', after: 'as alias, web' },
    { path: 'restart_policy.max_attempts', after: '3' },
  ]);
});

test('a network that differs says how, whatever the engine chose by itself', () => {
  const kept = {
    Id: 'n1',
    Name: 'stk_net',
    Driver: 'overlay',
    Attachable: false,
    Options: { 'com.docker.network.driver.overlay.vxlanid_list': '4097' },
    IPAM: { Driver: 'default', Config: [{ Subnet: '10.0.1.0/24', Gateway: '10.0.1.1' }] },
  };
  expect(diffNetworks(kept, { Name: 'stk_net' })).toEqual([]);
  expect(diffNetworks(kept, { Name: 'stk_net', IPAM: { Config: [{ Subnet: '10.0.1.0/24' }] } })).toEqual([]);
  expect(
    diffNetworks(kept, { Name: 'stk_net', Attachable: true, IPAM: { Config: [{ Subnet: '10.9.0.0/24' }] } }),
  ).toEqual([
    { path: 'attachable', before: 'false', after: 'true' },
    { path: 'ipam.config', before: '{"Subnet":"10.0.1.0/24"}', after: '{"Subnet":"10.9.0.0/24"}' },
  ]);
});
