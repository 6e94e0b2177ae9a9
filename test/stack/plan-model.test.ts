/** Plans carried out on a swarm that is kept in memory: what a plan says is what makes one stack of another. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StackAction } from '../../src/stack/action.ts';
import { buildStack, readComposeFiles } from '../../src/stack/compose/build-stack.ts';
import type { StackDefinition } from '../../src/stack/definition.ts';
import type { ConfigSpec, SecretSpec, ServiceSpec } from '../../src/stack/engine-types.ts';
import type { StackObserved } from '../../src/stack/observed.ts';
import { planStack } from '../../src/stack/plan.ts';
import {
  fileFingerprintLabel,
  fileVersionLabel,
  fileVersionOfLabel,
  fingerprintFile,
  fingerprintKeyName,
  nameObjects,
} from '../../src/stack/resolve-references.ts';
import { makeObserved, makeService, makeTask } from './builders.ts';

const key = Buffer.from('key of the fingerprints');
const fewOf = (...names: string[]) => fc.subarray(names);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const options = { name: 'stk', variables: {} };

const serviceArbitrary = fc.record({
  image: fc.constantFrom('shop/app:1', 'shop/app:2', 'shop/other:1'),
  command: maybe(fc.constantFrom('a', 'a b', 'c')),
  environment: maybe(fc.dictionary(fc.constantFrom('A', 'DB_PASSWORD', 'C'), fc.constantFrom('1', '2', ''))),
  networks: fewOf('back', 'front'),
  configs: fewOf('motd', 'site'),
  secrets: fewOf('token'),
  volumes: maybe(fc.constantFrom(['data:/data'], ['/srv:/data'])),
  ports: maybe(fc.constantFrom(['8000:80'], ['8000-8001:80-81/udp'])),
  stop_grace_period: maybe(fc.constantFrom('5s', '1m30s')),
  labels: maybe(fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2'))),
  deploy: fc.oneof(
    fc.record({ mode: fc.constant('global') }),
    fc.record({ mode: fc.constant('replicated'), replicas: fc.integer({ min: 0, max: 3 }) }),
  ),
});

/** One file content per object, so that a change makes a new version of it. */
const stackArbitrary = fc
  .record({
    services: fc.dictionary(fc.constantFrom('web', 'api', 'db'), serviceArbitrary, { minKeys: 1 }),
    drivers: fc.record({ back: fc.boolean(), front: fc.boolean() }),
    contents: fc.record({
      motd: fc.constantFrom('1', '2', '3'),
      site: fc.constantFrom('1', '2'),
      token: fc.constantFrom('1', '2', '3'),
    }),
  })
  .map(({ services, drivers, contents }) => {
    // undefined keys vanish; one port is published by one service only
    let published = false;
    const written = Object.fromEntries(
      Object.entries(services).map(([name, { ports, ...service }]) => {
        const keep = ports !== undefined && !published;
        published ||= keep;
        return [name, keep ? { ...service, ports } : service];
      }),
    );
    const text = JSON.stringify({
      services: written,
      networks: { back: { attachable: drivers.back }, front: { internal: drivers.front } },
      volumes: { data: {} },
      configs: { motd: { file: 'motd' }, site: { file: 'site' } },
      secrets: { token: { file: 'token' } },
    });
    return { text, contents: contents as Record<string, string> };
  });

function load({ text, contents }: { text: string; contents: Record<string, string> }): StackDefinition {
  const read = readComposeFiles([{ file: '/app/compose.yml', text }], options);
  return buildStack(read, options, (file) => ({ content: Buffer.from(contents[file.slice(5)] ?? '') }));
}

let made = 0;

/** The swarm after one change, as an engine would answer. Every task runs at once. */
function applyToModel(swarm: StackObserved, definition: StackDefinition, action: StackAction): StackObserved {
  const find = <Spec>(list: { key: string; spec: Spec }[], name: string): Spec =>
    list.find((one) => one.key === name)!.spec;
  const withVersion = <Spec extends ConfigSpec | SecretSpec>(spec: Spec, Name: string, labels = {}): Spec => {
    const version = /^\.v(\d+)$/.exec(Name.slice(spec.Name.length))?.[1];
    const versioned = version ? { [fileVersionOfLabel]: spec.Name, [fileVersionLabel]: version } : {};
    return { ...spec, Name, Labels: { ...spec.Labels, ...versioned, ...labels } };
  };
  const without = (id: string): StackObserved => ({
    ...swarm,
    networks: swarm.networks.filter(({ Id }) => Id !== id),
    configs: swarm.configs.filter(({ ID }) => ID !== id),
    secrets: swarm.secrets.filter(({ ID }) => ID !== id),
    services: swarm.services.filter(({ ID }) => ID !== id),
    tasks: swarm.tasks.filter(({ ServiceID }) => ServiceID !== id),
  });
  const run = (rest: StackObserved, wanted: ServiceSpec): StackObserved => {
    made += 1;
    const targets = (wanted.TaskTemplate.Networks ?? []).map((network) => ({
      ...network,
      Target: rest.networks.find(({ Name }) => Name === network.Target)!.Id,
    }));
    const Spec = { ...wanted, TaskTemplate: { ...wanted.TaskTemplate, Networks: targets } };
    const service = makeService(Spec, { ID: `svc-${made}`, Version: { Index: made } });
    const count = Spec.Mode?.Global ? rest.nodes.length : (Spec.Mode?.Replicated?.Replicas ?? 1);
    const tasks = Array.from({ length: count }, (_, index) =>
      makeTask(
        service,
        Spec.Mode?.Global ? { Slot: undefined!, NodeID: rest.nodes[index]!.id } : { Slot: index + 1 },
      ),
    );
    return { ...rest, services: [...rest.services, service], tasks: [...rest.tasks, ...tasks] };
  };
  made += 1;
  if (action.do === 'create-network' || action.do === 'replace-network') {
    const rest = action.do === 'create-network' ? swarm : without(action.id);
    const gone = new Set(action.do === 'replace-network' ? action.serviceIds : []);
    const Id = `net-${made}`;
    return {
      ...rest,
      networks: [...rest.networks, { Driver: 'overlay', ...find(definition.networks, action.network), Id }],
      services: rest.services.filter(({ ID }) => !gone.has(ID)),
      tasks: rest.tasks.filter(({ ServiceID }) => !gone.has(ServiceID)),
    };
  }
  if (action.do === 'create-config') {
    const Spec = withVersion(find(definition.configs, action.config), action.objectName);
    return { ...swarm, configs: [...swarm.configs, { ID: `cfg-${made}`, Spec }] };
  }
  if (action.do === 'create-secret') {
    const spec = find(definition.secrets, action.secret);
    const labels = { [fileFingerprintLabel]: fingerprintFile(key, spec) };
    const { Data: _, ...Spec } = withVersion(spec, action.objectName, labels);
    return { ...swarm, secrets: [...swarm.secrets, { ID: `sec-${made}`, Spec }] };
  }
  if (action.do === 'create-service' || action.do === 'update-service' || action.do === 'replace-service') {
    const rest = action.do === 'create-service' ? swarm : without(action.id);
    return run(rest, nameObjects(find(definition.services, action.service), action.names));
  }
  if ('id' in action && action.id !== undefined && action.do.startsWith('remove-')) return without(action.id);
  throw new Error(`the model doesn't know ${action.do}`);
}

/** All changes of the plan, each after those it waits for. */
function deploy(swarm: StackObserved, definition: StackDefinition): StackObserved {
  const { changes } = planStack(definition, swarm, new Map());
  const waiting = new Map(changes.map((change) => [change.id, change]));
  let state = swarm;
  while (waiting.size > 0) {
    const next = [...waiting.values()].find((change) => change.after.every((id) => !waiting.has(id)));
    if (!next) throw new Error(`changes wait for each other: ${[...waiting.keys()].join(', ')}`);
    waiting.delete(next.id);
    state = applyToModel(state, definition, next.action);
  }
  return state;
}

const empty = makeObserved({
  configs: [
    {
      ID: 'cfg-key',
      Spec: {
        Name: fingerprintKeyName,
        Labels: { [fingerprintKeyName]: 'true' },
        Data: key.toString('base64'),
      },
    },
  ],
});

const listPending = (definition: StackDefinition, swarm: StackObserved): string[] =>
  planStack(definition, swarm, new Map()).changes.map(
    (change) => `${change.title} ${JSON.stringify(change.fields)}`,
  );

test('a stack that was deployed has nothing to change, whatever it is', () => {
  fc.assert(
    fc.property(stackArbitrary, (one) => {
      const definition = load(one);
      expect(listPending(definition, deploy(empty, definition))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('carrying out the plan from any stack to any other gives the other', () => {
  fc.assert(
    fc.property(stackArbitrary, stackArbitrary, (from, to) => {
      const former = deploy(empty, load(from));
      const wanted = load(to);
      const after = deploy(former, wanted);
      expect(listPending(wanted, after)).toEqual([]);
      const names = (state: StackObserved) => state.services.map(({ Spec }) => Spec.Name).sort();
      expect(names(after)).toEqual(wanted.services.map(({ spec }) => spec.Name).sort());
    }),
    { numRuns: 60 },
  );
});

test('what changes nothing in a service leaves the service as it is', () => {
  fc.assert(
    fc.property(stackArbitrary, stackArbitrary, (from, to) => {
      const former = deploy(empty, load(from));
      const wanted = load(to);
      const kept = planStack(wanted, former, new Map()).changes.flatMap(({ action }) =>
        'id' in action && action.id !== undefined ? [action.id] : [],
      );
      const gone = planStack(wanted, former, new Map()).changes.flatMap(({ action }) =>
        action.do === 'replace-network' ? action.serviceIds : [],
      );
      const untouched = former.services.filter(({ ID }) => ![...kept, ...gone].includes(ID));
      const after = deploy(former, wanted);
      for (const service of untouched) expect(after.services).toContain(service);
    }),
    { numRuns: 30 },
  );
});
