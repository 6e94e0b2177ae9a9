import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { EarlierPlans } from '../../src/plan/layer.ts';
import { loadStack } from '../../src/stack/compose/load-stack.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import type { StackObserved } from '../../src/stack/observed.ts';
import { planStack } from '../../src/stack/plan.ts';
import { planStackRemoval } from '../../src/stack/plan-removal.ts';
import { fingerprintFile, nameObjects, resolveReferences } from '../../src/stack/resolve-references.ts';
import {
  fillLikeEngine,
  makeDefinition,
  makeObserved,
  makeService,
  makeSpec,
  makeTask,
  nodes,
  readRecordedDefinition,
  readRecording,
  recordedEngines,
} from './builders.ts';

const none: EarlierPlans = new Map();
const own = { 'com.docker.stack.namespace': 'stk' };
const key = Buffer.alloc(32, 7);
const keyConfig = { ID: 'k', Spec: { Name: 'kawanan.fingerprint-key', Data: key.toString('base64') } };

const file = { Name: 'pw', UID: '0', GID: '0', Mode: 0o444 };
const withSecret = makeSpec('web', (s) => {
  s.TaskTemplate.ContainerSpec.Secrets = [{ File: file, SecretID: '', SecretName: 'pw' }];
});
const external = { networks: [], configs: [], secrets: ['pw'] };

test('services that need IPVS are named where a node has none, those that need none are not', () => {
  const services = [
    makeSpec('mesh', (s) => {
      s.EndpointSpec = { Ports: [{ TargetPort: 80, PublishedPort: 80, PublishMode: 'ingress' }] };
      s.TaskTemplate.Networks = [{ Target: 'stk_default' }];
    }),
    makeSpec('called', (s) => {
      s.EndpointSpec = { Ports: [{ TargetPort: 81, PublishedPort: 81, PublishMode: 'host' }] };
      s.TaskTemplate.Networks = [{ Target: 'stk_default' }];
    }),
    makeSpec('direct', (s) => {
      s.EndpointSpec = { Mode: 'dnsrr' };
      s.TaskTemplate.Networks = [{ Target: 'stk_default' }];
    }),
    makeSpec('on-host', (s) => {
      s.TaskTemplate.Networks = [{ Target: 'host' }];
    }),
  ];
  const warningsWith = (nodesWithoutIpvs: string[]): string[] => {
    const earlier: EarlierPlans = new Map([
      ['hosts', { layer: 'hosts', changes: [], unchanged: 0, warnings: [], nodesWithoutIpvs }],
    ]);
    return planStack(makeDefinition(services), makeObserved(), earlier).warnings;
  };
  expect(warningsWith(['w1', 'w2'])).toEqual([
    'mesh: the kernel of w1, w2 has no IPVS, so ports of the ingress mesh answer nothing there; publish them with `mode: host`, or boot a kernel with the module ip_vs there',
    "mesh, called: the kernel of w1, w2 has no IPVS, so tasks there can't call them by name; say `endpoint_mode: dnsrr`, which goes with ports of `mode: host` only, or boot a kernel with the module ip_vs there",
  ]);
  expect(warningsWith([])).toEqual([]);
});

test('the plan of a stack warns of a port that the image below does not expose', () => {
  const web = makeSpec('web', (spec) => {
    spec.EndpointSpec = { Ports: [{ TargetPort: 80, PublishedPort: 8080, PublishMode: 'host' }] };
  });
  const image = web.TaskTemplate.ContainerSpec.Image;
  const earlier: EarlierPlans = new Map([
    [
      'images',
      { layer: 'images', changes: [], unchanged: 1, warnings: [], exposedPorts: { [image]: [3000] } },
    ],
  ]);
  const plan = planStack(makeDefinition([web]), makeObserved(), earlier);
  expect(plan.lints).toMatchObject([{ code: 'published-port-unheard', path: 'services.web.ports' }]);
  expect(plan.warnings).toEqual([expect.stringMatching(/its image says that it listens on 3000 \(EXPOSE\)/)]);
});

function problemsOf(definition: StackDefinition, observed: StackObserved): unknown {
  try {
    planStack(definition, observed, none);
    return 'no problem';
  } catch (error) {
    return error instanceof InputError ? error.problems : error;
  }
}

describe('the plan of a stack', () => {
  test('that runs as recorded from a real swarm is empty, but for what a secret of docker stack deploy may hold', () => {
    const { observed } = readRecording();
    expect(planStack(readRecordedDefinition(), observed, none)).toEqual({
      layer: 'stack',
      changes: [],
      unchanged: 10,
      warnings: ["secret stk_filesec was not made by kawanan: whether filesec changed can't be told"],
    });
  });

  test.each(recordedEngines)(
    'that docker stack deploy made on engine %s from our own conversion is empty',
    async (engine) => {
      const file = resolve(import.meta.dirname, '../fixtures/engine/compose.yml');
      const definition = await loadStack([file], { name: 'stk', variables: {} });
      expect(planStack(definition, readRecording(engine).observed, none).changes).toEqual([]);
    },
  );

  test('that is not there creates what services rest on first', () => {
    const plan = planStack(
      readRecordedDefinition(),
      makeObserved({ secrets: [{ ID: 's', Spec: { Name: 'pw' } }] }),
      none,
    );
    const foundations = ['network/stk_default', 'network/stk_net', 'config/stk_conf', 'secret/stk_filesec'];
    expect(plan.changes.map(({ id, kind, after }) => ({ id, kind, after }))).toEqual([
      ...foundations.map((id) => ({ id, kind: 'create', after: [] })),
      ...['agent', 'db', 'job', 'once', 'plain', 'web'].map((name) => ({
        id: `service/stk_${name}`,
        kind: 'create',
        after: foundations,
      })),
    ]);
  });

  test('shows a whole update', () => {
    const before = makeService(
      makeSpec('db', (s) => {
        s.TaskTemplate.ContainerSpec.Mounts = [{ Type: 'volume', Source: 'stk_data', Target: '/data' }];
      }),
    );
    const after = makeSpec('db', (s) => {
      s.TaskTemplate.ContainerSpec.Mounts = [{ Type: 'volume', Source: 'stk_data', Target: '/data' }];
      s.TaskTemplate.ContainerSpec.Image = 'shop/db:2';
    });
    const task = { ...makeTask(before), CreatedAt: '2026-01-01T00:00:18Z' };
    const observed = makeObserved({ services: [before], tasks: [task] });
    expect(planStack(makeDefinition([after]), observed, none)).toEqual({
      layer: 'stack',
      unchanged: 0,
      warnings: [],
      changes: [
        {
          id: 'service/stk_db',
          layer: 'stack',
          kind: 'update',
          object: { type: 'service', name: 'stk_db' },
          title: 'update service stk_db',
          fields: [{ path: 'image', before: 'shop/app:1', after: 'shop/db:2' }],
          interrupts: 'db stops for about 12 s: one replica, local volume, stop-first',
          undo: 'the swarm keeps the spec before this one: `docker service rollback`',
          after: [],
          action: {
            do: 'update-service',
            service: 'db',
            id: 'id-stk_db',
            version: 7,
            names: { secrets: {}, configs: {} },
          },
        },
      ],
    });
  });

  test('takes away what the compose file names no longer, last of all', () => {
    const observed = makeObserved({
      services: [makeService(makeSpec('gone'))],
      networks: [{ Id: 'n', Name: 'stk_gone', Scope: 'swarm', Labels: own }],
      secrets: [
        { ID: 'mine', Spec: { Name: 'stk_gone', Labels: own } },
        { ID: 'theirs', Spec: { Name: 'db', Labels: { ...own, 'kawanan.secret': 'db' } } },
      ],
    });
    const plan = planStack(makeDefinition([]), observed, none);
    expect(plan.changes.map(({ title, after }) => [title, after])).toEqual([
      ['remove service stk_gone', []],
      ['remove network stk_gone', ['service/stk_gone']],
      ['remove secret stk_gone', ['service/stk_gone']],
    ]);
  });

  test('takes a service away only after all others are well, unless one of them needs its port', () => {
    const published = (name: string) =>
      makeSpec(name, (spec) => {
        spec.EndpointSpec = { Ports: [{ TargetPort: 80, PublishedPort: 80, PublishMode: 'ingress' }] };
      });
    const observed = makeObserved({
      services: [makeService(makeSpec('gone')), makeService(published('front'))],
    });
    const plan = planStack(makeDefinition([makeSpec('web'), published('edge')]), observed, none);
    expect(Object.fromEntries(plan.changes.map(({ id, after }) => [id, after]))).toEqual({
      'service/stk_web': [],
      'service/stk_edge': ['service/stk_front'],
      'service/stk_gone': ['service/stk_web', 'service/stk_edge'],
      'service/stk_front': ['service/stk_web'],
    });
  });

  test('lets a service wait for those it depends on and for the port another gives up', () => {
    const port = (mode: string) => ({ Ports: [{ TargetPort: 80, PublishedPort: 80, PublishMode: mode }] });
    const before = makeService(
      makeSpec('old', (s) => {
        s.EndpointSpec = port('host');
      }),
    );
    const definition = makeDefinition([
      makeSpec('old'),
      makeSpec('web', (s) => {
        s.EndpointSpec = port('host');
      }),
      makeSpec('db'),
    ]);
    definition.services[1]!.dependsOn = ['db'];
    const plan = planStack(definition, makeObserved({ services: [before] }), none);
    expect(plan.changes.map(({ id, after, afterReady }) => [id, after, afterReady])).toEqual([
      ['service/stk_old', [], undefined],
      ['service/stk_web', ['service/stk_old'], ['service/stk_db']],
      ['service/stk_db', [], undefined],
    ]);
  });

  test('lets a service wait for the whole update of one it depends on, which serves meanwhile', () => {
    const now = makeObserved({ services: ['web', 'db'].map((name) => makeService(makeSpec(name))) });
    const next = ['web', 'db'].map((name) =>
      makeSpec(name, (s) => {
        s.TaskTemplate.ContainerSpec.Env = ['A=1'];
      }),
    );
    const definition = makeDefinition(next);
    definition.services[0]!.dependsOn = ['db'];
    const { changes } = planStack(definition, now, none);
    expect(changes.map(({ id, after, afterReady }) => [id, after, afterReady])).toEqual([
      ['service/stk_web', ['service/stk_db'], undefined],
      ['service/stk_db', [], undefined],
    ]);
  });

  test('swaps two ports without waiting in a circle', () => {
    const on = (name: string, PublishedPort: number) =>
      makeSpec(name, (s) => {
        s.EndpointSpec = { Ports: [{ TargetPort: 80, PublishedPort, PublishMode: 'host' }] };
      });
    const observed = makeObserved({ services: [makeService(on('a', 80)), makeService(on('b', 81))] });
    const plan = planStack(makeDefinition([on('a', 81), on('b', 80)]), observed, none);
    expect(plan.changes.map(({ after }) => after)).toEqual([['service/stk_b'], []]);
  });

  test('makes a network anew together with the services on it', () => {
    const onNet = makeSpec('web', (s) => {
      s.TaskTemplate.Networks = [{ Target: 'stk_net', Aliases: ['web'] }];
    });
    const observed = makeObserved({
      networks: [{ Id: 'n1', Name: 'stk_net', Scope: 'swarm', Driver: 'overlay', Labels: own }],
      services: [makeService(fillLikeEngine(onNet, { stk_net: 'n1' })), makeService(makeSpec('alone'))],
    });
    observed.tasks = observed.services.map((service) => makeTask(service));
    const definition = makeDefinition([onNet, makeSpec('alone')], {
      networks: [{ key: 'net', spec: { Name: 'stk_net', Attachable: true, Labels: own } }],
    });
    const plan = planStack(definition, observed, none);
    expect(plan.changes.map(({ title, kind, action }) => [title, kind, action])).toEqual([
      [
        'make network stk_net anew',
        'replace',
        { do: 'replace-network', network: 'net', id: 'n1', serviceIds: ['id-stk_web'] },
      ],
      [
        'make service stk_web anew',
        'replace',
        { do: 'replace-service', service: 'web', id: 'id-stk_web', names: { secrets: {}, configs: {} } },
      ],
    ]);
    expect(plan.unchanged).toBe(1);
  });
});

describe('a network that stacks share', () => {
  const user = makeDefinition([makeSpec('web')], {
    external: { secrets: [], configs: [], networks: ['shared'] },
    networksOfOthers: { shared: 'shop' },
  });
  const shared = { Id: 'n1', Name: 'shared', Scope: 'swarm', Driver: 'overlay', Labels: own };
  const maker = (more: object = {}) =>
    makeDefinition([makeSpec('web')], {
      networks: [{ key: 'net', spec: { Name: 'shared', Labels: own, ...more } }],
    });
  const guest = [{ name: 'blog_web', stack: 'blog', networks: ['n1'] }];

  test('is there for one stack as soon as another of the same run will make it', () => {
    const before = planStack({ ...maker(), name: 'shop' }, makeObserved(), none);
    expect(before.changes[0]?.title).toBe('create network shared');
    const plan = planStack(user, makeObserved(), new Map([['stack/shop', { ...before, stack: 'shop' }]]));
    expect(plan.changes.map(({ title }) => title)).toEqual(['create service stk_web']);
  });

  test('is missed with the name of the stack that would make it', () => {
    expect(problemsOf(user, makeObserved())).toEqual([
      {
        file: '/app/compose.yml',
        path: 'networks.shared',
        message: "the network shared is made by the stack shop, which isn't deployed",
        next: 'deploy both: kawanan deploy shop stk',
      },
    ]);
  });

  test('can not be made anew under services of another stack', () => {
    const observed = makeObserved({ networks: [shared], neighbours: guest });
    expect(problemsOf(maker({ Attachable: true }), observed)).toMatchObject([
      {
        path: 'networks.net',
        message: "the network shared can't be made anew (attachable): blog_web of the stack blog uses it",
      },
    ]);
  });

  test('stays when its own stack names it no longer, as long as it is used', () => {
    const web = makeService(makeSpec('web'));
    const world = { networks: [shared], services: [web], tasks: [makeTask(web)] };
    const plan = (more: object) =>
      planStack(makeDefinition([makeSpec('web')]), makeObserved({ ...world, ...more }), none);
    expect(plan({}).changes.map(({ title }) => title)).toEqual(['remove network shared']);
    expect(plan({ neighbours: guest }).changes).toEqual([]);
  });
});

describe('a secret from elsewhere', () => {
  const version = (name: string, number: number) => ({
    ID: `${name}-${number}`,
    Spec: {
      Name: number === 1 ? name : `${name}.v${number}`,
      Labels: { 'kawanan.secret': name, 'kawanan.secret.version': String(number) },
    },
  });
  const definition = makeDefinition([withSecret], { external });
  const nameFor = (observed: StackObserved, earlier = none) =>
    resolveReferences(definition, observed, earlier).names.secrets['pw'];

  test('is used in its newest version, by number and not by name', () => {
    const secrets = [version('pw', 9), version('pw', 10), version('pw', 1), version('other', 11)];
    expect(nameFor(makeObserved({ secrets }))).toBe('pw.v10');
  });

  test('is used in the version that is about to be made', () => {
    const change = { kind: 'create', action: { secret: 'pw', objectName: 'pw.v3' } };
    const earlier = new Map([
      ['secrets', { layer: 'secrets', changes: [change] }],
    ]) as unknown as EarlierPlans;
    expect(nameFor(makeObserved({ secrets: [version('pw', 2)] }), earlier)).toBe('pw.v3');
  });

  test('is used by its plain name when it was made by hand', () => {
    expect(nameFor(makeObserved({ secrets: [{ ID: 'x', Spec: { Name: 'pw' } }] }))).toBe('pw');
  });
});

test('what is nowhere is refused, all of it at once, with its next step', () => {
  const definition = makeDefinition([withSecret], {
    external: { secrets: ['pw'], configs: ['nginx.conf'], networks: ['shared', 'host'] },
    networks: [{ key: 'net', spec: { Name: 'taken' } }],
  });
  const observed = makeObserved({
    secrets: [{ ID: 'x', Spec: { Name: 'pwd' } }],
    networks: [
      { Id: 'n', Name: 'taken', Scope: 'swarm', Labels: { 'com.docker.stack.namespace': 'theirs' } },
    ],
  });
  expect(problemsOf(definition, observed)).toEqual([
    {
      file: '/app/compose.yml',
      path: 'networks.net',
      message: "the network taken exists already and isn't the stack's",
      next: 'say `external: true` to use it, or give yours another name',
    },
    {
      file: '/app/compose.yml',
      path: 'secrets.pw',
      message: 'the secret pw is external, and the swarm has none of that name',
      next: 'did you mean "pwd"? Otherwise give pw a source in the secrets file, or make it with `docker secret create pw -`',
    },
    {
      file: '/app/compose.yml',
      path: 'configs.nginx.conf',
      message: 'the config nginx.conf is external, and the swarm has none of that name',
      next: 'make it with `docker config create nginx.conf FILE`, or give it a `file:` instead of `external: true`',
    },
    {
      file: '/app/compose.yml',
      path: 'networks.shared',
      message: 'the network shared is external, and the swarm has none of that name',
      next: 'make it with `docker network create --driver overlay shared`, or take `external: true` away',
    },
  ]);
});

describe('a config or secret of the compose file', () => {
  const config = (data: string) => ({ key: 'conf', spec: { Name: 'stk_conf', Labels: own, Data: data } });
  const kept = (name: string, data: string, more = {}) => ({
    ID: name,
    Spec: { Name: name, Labels: { ...own, ...more }, Data: data },
  });
  const planOf = (definition: Partial<StackDefinition>, observed: Partial<StackObserved>) =>
    planStack(makeDefinition([], definition), makeObserved(observed), none).changes.map(
      ({ title, action }) => [title, action],
    );
  const second = { 'kawanan.version-of': 'stk_conf', 'kawanan.version': '2' };

  test.each<[string, ReturnType<typeof kept>[], unknown[]]>([
    ['that is there stays', [kept('stk_conf', 'bmV3')], []],
    [
      'that changed becomes a new version, and the old one stays',
      [kept('stk_conf', 'b2xk')],
      [['create config stk_conf.v2', { do: 'create-config', config: 'conf', objectName: 'stk_conf.v2' }]],
    ],
    [
      'that went back to an older version uses that one',
      [kept('stk_conf', 'bmV3'), kept('stk_conf.v2', 'b2xk', second)],
      [],
    ],
    [
      'that changed again becomes the third',
      [kept('stk_conf', 'b2xk'), kept('stk_conf.v2', 'b2xkZXI=', second)],
      [['create config stk_conf.v3', { do: 'create-config', config: 'conf', objectName: 'stk_conf.v3' }]],
    ],
  ])('%s', (_, configs, expected) => {
    expect(planOf({ configs: [config('bmV3')] }, { configs })).toEqual(expected);
  });

  test('that is secret is told by its keyed fingerprint', () => {
    const secret = { key: 'pw', spec: { Name: 'stk_pw', Labels: own, Data: 'bmV3' } };
    const labels = { ...own, 'kawanan.file-fingerprint': fingerprintFile(key, secret.spec) };
    const same = { ID: 's', Spec: { Name: 'stk_pw', Labels: labels } };
    expect(planOf({ secrets: [secret] }, { secrets: [same], configs: [keyConfig] })).toEqual([]);
    const changed = { key: 'pw', spec: { ...secret.spec, Data: 'bmV3ZXI=' } };
    expect(planOf({ secrets: [changed] }, { secrets: [same], configs: [keyConfig] })).toEqual([
      ['create secret stk_pw.v2', { do: 'create-secret', secret: 'pw', objectName: 'stk_pw.v2' }],
    ]);
  });
});

describe('removal', () => {
  const observed = makeObserved({
    services: [makeService(makeSpec('web'))],
    networks: [
      { Id: 'n', Name: 'stk_net', Scope: 'swarm', Labels: own },
      { Id: 'i', Name: 'ingress', Scope: 'swarm' },
    ],
    leftovers: [
      { node: 'w1', volumes: ['stk_data'] },
      { node: 'w2', volumes: [], unreachable: 'no answer' },
    ],
  });

  const neighbours = [
    { name: 'blog_web', stack: 'blog', networks: ['n'] },
    { name: 'by_hand', networks: ['i'] },
    { name: 'third_web', stack: 'third', networks: ['other'] },
  ];
  const revisions = [1, 2].map((number) => ({
    ID: `revision${number}`,
    Spec: {
      Name: `kawanan.revision.stk.${number}`,
      Labels: { 'kawanan.revision': 'stk', 'kawanan.revision.number': String(number) },
    },
  }));
  const volumes = false;

  test('of one stack is refused while another uses its network, unless that goes too', () => {
    const used = { ...observed, neighbours };
    expect(() => planStackRemoval('stk', used, { volumes, stacks: ['stk'] })).toThrow(
      expect.objectContaining({
        message: 'nothing was changed: stk makes a network that others use',
        details: ['stk_net: blog_web of the stack blog'],
        next: 'take them away too: kawanan down stk blog',
      }),
    );
    const both = planStackRemoval('stk', used, { volumes, stacks: ['stk', 'blog'] });
    expect(both.changes.map(({ id }) => id)).toEqual(['service/stk_web', 'remove network/stk_net']);
  });

  test('of the whole cluster leaves such a network to the swarm, which goes', () => {
    const plan = planStackRemoval('stk', { ...observed, neighbours }, { volumes });
    expect(plan.changes.map(({ id }) => id)).toEqual(['service/stk_web']);
    expect(plan.warnings).toContain(
      'the network stk_net goes with the swarm: blog_web of the stack blog uses it',
    );
  });

  test('of one stack takes its revisions, without waiting for its services', () => {
    const plan = planStackRemoval('stk', { ...observed, configs: revisions }, { volumes, stacks: ['stk'] });
    expect(plan.changes[0]).toMatchObject({
      title: 'forget the revisions of stk',
      after: [],
      action: { do: 'remove-revisions', ids: ['revision2', 'revision1'] },
    });
  });

  test('keeps volumes and says which', () => {
    const plan = planStackRemoval('stk', observed, { volumes: false });
    expect(plan.changes.map(({ id }) => id)).toEqual(['service/stk_web', 'remove network/stk_net']);
    expect(plan.warnings).toEqual([
      "w2 doesn't answer: volumes of stk that are there stay",
      'volumes stay on w1: stk_data (`--volumes` removes them and their data)',
    ]);
  });

  test('that keeps the history of the monitoring says how it would not', () => {
    const plan = planStackRemoval('monitoring', observed, { volumes: false });
    expect(plan.warnings.at(-1)).toContain('(`--volumes`, or no `--keep-history`, removes them');
  });

  test('takes volumes when asked, once the services are gone', () => {
    const plan = planStackRemoval('stk', observed, { volumes: true });
    expect(plan.changes.at(-1)).toMatchObject({
      title: 'remove volume stk_data',
      object: { host: 'w1' },
      interrupts: 'the data in them is lost',
      after: ['service/stk_web'],
      action: { do: 'remove-volumes', node: 'w1', volumes: ['stk_data'] },
    });
  });
});

const word = fc.stringMatching(/^[a-z]{1,6}$/);
const anySpec: fc.Arbitrary<ServiceSpec> = fc
  .record({
    name: word,
    image: word,
    env: fc.dictionary(word, fc.string()),
    replicas: fc.nat(5),
    isGlobal: fc.boolean(),
    networks: fc.uniqueArray(fc.constantFrom('stk_a', 'stk_b')),
    ports: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
    labels: fc.dictionary(word, fc.string()),
    args: fc.array(fc.string(), { maxLength: 3 }),
    delay: fc.option(fc.nat(9e9)),
    order: fc.constantFrom(undefined, 'stop-first', 'start-first'),
    limits: fc.option(fc.record({ NanoCPUs: fc.nat(4e9), MemoryBytes: fc.nat(1e9) })),
  })
  .map((wish) => ({
    Name: `stk_${wish.name}`,
    Labels: { ...wish.labels, ...own },
    TaskTemplate: {
      ContainerSpec: {
        Image: wish.image,
        Labels: own,
        Args: wish.args,
        Env: Object.entries(wish.env).map(([name, value]) => `${name}=${value}`),
        Secrets: [{ File: file, SecretID: '', SecretName: 'pw' }],
      },
      Networks: wish.networks.map((Target) => ({ Target, Aliases: [wish.name] })),
      ...(wish.delay !== null && { RestartPolicy: { Delay: wish.delay } }),
      ...(wish.limits !== null && { Resources: { Limits: wish.limits } }),
    },
    Mode: wish.isGlobal ? { Global: {} } : { Replicated: { Replicas: wish.replicas } },
    ...(wish.order !== undefined && { UpdateConfig: { Parallelism: 1, Order: wish.order } }),
    EndpointSpec: { Ports: wish.ports.map((port) => ({ TargetPort: port, PublishedPort: port + 8000 })) },
  }));

test('a stack that was applied has nothing left to plan', () => {
  const networkIds = { stk_a: 'id-a', stk_b: 'id-b' };
  fc.assert(
    fc.property(fc.uniqueArray(anySpec, { selector: (spec) => spec.Name, maxLength: 4 }), (specs) => {
      const networks = Object.keys(networkIds).map((Name) => ({ key: Name, spec: { Name, Labels: own } }));
      const definition = makeDefinition(specs, { external, networks });
      const empty = makeObserved({ secrets: [{ ID: 's', Spec: { Name: 'pw' } }] });
      const { names } = resolveReferences(definition, empty, none);
      const services = specs.map((spec) => makeService(fillLikeEngine(nameObjects(spec, names), networkIds)));
      const tasks = services.flatMap((service) =>
        service.Spec.Mode?.Global
          ? nodes.map((node) => makeTask(service, { Slot: 0, NodeID: node.id }))
          : Array.from({ length: service.Spec.Mode?.Replicated?.Replicas ?? 1 }, (_, index) =>
              makeTask(service, { Slot: index + 1 }),
            ),
      );
      const observed = makeObserved({
        ...empty,
        services,
        tasks,
        networks: Object.entries(networkIds).map(([Name, Id]) => ({ Id, Name, Scope: 'swarm', Labels: own })),
      });
      expect(planStack(definition, observed, none)).toEqual({
        layer: 'stack',
        changes: [],
        unchanged: specs.length + 2,
        warnings: [],
      });
      // And a stack that isn't there differs in every service.
      expect(planStack(definition, empty, none).changes).toHaveLength(specs.length + 2);
    }),
    { numRuns: 60 },
  );
});
