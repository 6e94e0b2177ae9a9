/**
 * A stack that plain `docker stack deploy` has made can be taken over: seen through our plan, nothing about its services
 * and networks differs. And what a second deploy of the real command changes, our plan changes too.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadStack } from '../../../src/stack/compose/load-stack.ts';
import type { StackDefinition } from '../../../src/stack/definition.ts';
import type { StackObserved } from '../../../src/stack/observed.ts';
import { planStack } from '../../../src/stack/plan.ts';
import { listCases, loadCase, type OracleCase, type Recorded, readRecorded } from './oracle-case.ts';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/compose');

/** What of a plan isn't about tasks, which the recordings know nothing of. */
function listChanges(definition: StackDefinition, observed: StackObserved): string[] {
  return planStack(definition, observed, new Map()).changes.flatMap(({ kind, object, fields }) => {
    const told = fields.filter((field) => field.path !== 'tasks').map((field) => field.path);
    if (kind === 'update' && told.length === 0) return [];
    return [[kind, object.type, object.name, ...told].join(' ')];
  });
}

/** The swarm after the recorded command: its objects with the IDs the recordings give them. */
function observe(recorded: Recorded, folder: string): StackObserved {
  const text = JSON.stringify(recorded).replaceAll('{{DIR}}', folder);
  // biome-ignore lint/suspicious/noExplicitAny: recorded requests, turned into what the engine would answer
  const { networks, secrets, configs, services, externals } = JSON.parse(text) as any;
  const object = (prefix: string) => (spec: { Name: string }) => ({
    ID: `${prefix}-${spec.Name}`,
    Version: { Index: 1 },
    CreatedAt: '',
    UpdatedAt: '',
    Spec: spec,
  });
  const named = (names: string[]) => names.map((name) => ({ Name: name }));
  for (const service of services)
    for (const network of service.TaskTemplate.Networks) network.Target = `net-${network.Target}`;
  const all = [...networks, ...named([...externals.networks, 'host', 'none', 'bridge'])];
  return {
    nodes: [],
    tasks: [],
    networks: all.map((network) => ({
      Driver: 'overlay',
      ...network,
      Scope: 'swarm',
      Id: `net-${network.Name}`,
    })),
    secrets: [...secrets, ...named(externals.secrets)].map(object('sec')),
    configs: [...configs, ...named(externals.configs)].map(object('cfg')),
    services: services.map(object('svc')),
  };
}

describe('a stack made by plain docker stack deploy differs in nothing', () => {
  const cases = listCases(path.join(fixtures, 'edge')).flatMap((one): [string, OracleCase, Recorded][] => {
    const recorded = readRecorded(one);
    return recorded ? [[one.name, one, recorded]] : [];
  });
  it.each(cases)('%s', async (_name, one, recorded) => {
    const changes = listChanges(await loadCase(one), observe(recorded, one.folder));
    expect(changes.filter((change) => !/^\w+ (secret|config) /.test(change))).toEqual([]);
  });
});

describe('a second deploy changes', () => {
  const replan = async (scenario: string) => {
    const folder = path.join(fixtures, 'scenarios', scenario);
    const find = (...names: string[]) =>
      names.map((name) => path.join(folder, name)).find((file) => existsSync(file)) ?? folder;
    const state = JSON.parse(readFileSync(find('state-after-1.json', 'state.json'), 'utf8'));
    const options = { name: 'oracle', variables: {}, convertOnly: true };
    const definition = await loadStack([find('2.yml', '1.yml')], options);
    const nothing = { nodes: [], tasks: [], networks: [], secrets: [], configs: [], services: [] };
    return listChanges(definition, { ...nothing, ...state });
  };

  it.each([
    ['redeploy-same-changed', []],
    ['redeploy-same-never', []],
    ['redeploy-newimage-changed', ['update service oracle_web image']],
    ['redeploy-newimage-never', ['update service oracle_web image']],
    ['config-label-changed', ['update config oracle_c labels.a']],
    // the real command leaves a network as it is, whatever the file says
    ['network-changed', ['replace network oracle_n attachable', 'replace service oracle_web']],
    ['remove-service-prune', ['remove service oracle_b', 'remove network oracle_nb']],
  ])('in %s: %j', async (scenario, changes) => expect(await replan(scenario)).toEqual(changes));

  it('what was changed by hand, back', async () => {
    expect(await replan('force-update')).toEqual([
      'create network oracle_default',
      'update service oracle_a container_labels.com.docker.stack.namespace replicas networks.oracle_default env.OLD labels.added.by.hand',
    ]);
  });

  it.each(['network-name-taken', 'secret-name-taken'])(
    'nothing that belongs to others: %s',
    async (scenario) => {
      await expect(replan(scenario)).rejects.toThrow(/exists already/);
    },
  );
});
