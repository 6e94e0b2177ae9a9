import { describe, expect, test } from 'vitest';
import type { ObservedConfig, ObservedService, StackObserved } from '../../src/stack/observed.ts';
import { planRestore } from '../../src/stack/plan-restore.ts';
import { describeRevision, writeRevision } from '../../src/stack/revision.ts';
import { makeDefinition, makeObserved, makeService, makeSpec, makeTask } from './builders.ts';

const specOf = (name: string, image = 'shop/app:1') =>
  makeSpec(name, (spec) => {
    spec.TaskTemplate.ContainerSpec.Image = image;
  });
const running = (service: ObservedService) => makeTask(service);
const crashed = (service: ObservedService) => makeTask(service, { state: 'failed', err: 'exit 1' });

/** What is there, each service with its task: running, or crashed where it is told so. */
function world(services: ObservedService[], broken: string[] = [], more: Partial<StackObserved> = {}) {
  const tasks = services.map((service) =>
    broken.includes(service.Spec.Name) ? crashed(service) : running(service),
  );
  return makeObserved({ services, tasks, ...more });
}

function restore(before: StackObserved, now: StackObserved, touched: string[], wanted = touched) {
  const plan = planRestore({ definition: wish(wanted), touched: new Set(touched), before, now });
  const shown = plan.changes.map(({ kind, object, fields, after }) => ({
    does: `${kind} ${object.name}`,
    fields: fields.map(({ path, before: was, after: is }) => `${path} ${was} → ${is}`),
    after,
  }));
  return { plan, shown };
}

/** A definition that wants the services of these names. */
function wish(names: string[]) {
  const services = names.map((name) => ({
    key: name.replace('stk_', ''),
    spec: specOf(name.replace('stk_', '')),
    dependsOn: [],
  }));
  return { name: 'stk', services };
}

const web = makeService(specOf('web'));
const aux = makeService(specOf('aux'));
const webBroken = makeService(specOf('web', 'shop/app:broken'));

describe('a failed run is taken back', () => {
  test('by bringing every service it changed to its former spec', () => {
    const auxNew = makeService(specOf('aux', 'shop/app:2'));
    const { plan, shown } = restore(world([web, aux]), world([webBroken, auxNew], ['stk_web']), [
      'stk_web',
      'stk_aux',
    ]);
    expect(shown).toEqual([
      { does: 'update stk_aux', fields: ['image shop/app:2 → shop/app:1'], after: [] },
      { does: 'update stk_web', fields: ['image shop/app:broken → shop/app:1'], after: [] },
    ]);
    expect(plan.changes[1]?.action).toEqual({
      do: 'restore-service',
      id: 'id-stk_web',
      anew: false,
      newPorts: false,
      spec: web.Spec,
      verify: true,
    });
  });

  test('by removing what is new before anything comes back', () => {
    const { shown } = restore(world([web]), world([webBroken, aux], ['stk_web']), ['stk_web', 'stk_aux']);
    expect(shown.map(({ does, after }) => [does, after])).toEqual([
      ['remove stk_aux', []],
      ['update stk_web', ['service/stk_aux']],
    ]);
  });

  test('by making anew what it had removed', () => {
    const { plan, shown } = restore(world([web, aux]), world([web]), ['stk_aux']);
    expect(shown.map(({ does }) => does)).toEqual(['create stk_aux']);
    expect(plan.changes[0]?.action).not.toHaveProperty('id');
  });

  test('by nothing where the swarm itself rolled back and all is well again', () => {
    const now = world([{ ...web, UpdateStatus: { State: 'rollback_completed' } }]);
    const { plan } = restore(world([web]), now, ['stk_web']);
    expect([plan.changes, plan.unchanged]).toEqual([[], 1]);
  });

  test('by waiting where the swarm is still rolling back', () => {
    const now = world([{ ...web, UpdateStatus: { State: 'rollback_started' } }]);
    expect(restore(world([web]), now, ['stk_web']).shown).toEqual([
      { does: 'update stk_web', fields: [], after: [] },
    ]);
  });

  test('without touching a service that somebody else changed meanwhile', () => {
    const other = makeService(specOf('aux', 'shop/app:theirs'));
    const { shown } = restore(world([web, aux]), world([webBroken, other], ['stk_web']), ['stk_web']);
    expect(shown.map(({ does }) => does)).toEqual(['update stk_web']);
  });

  test('onto a network that was made anew, by its name', () => {
    const on = (id: string) =>
      makeService(
        makeSpec('web', (spec) => {
          spec.TaskTemplate.Networks = [{ Target: id }];
        }),
      );
    const before = world([on('n1')], [], { networks: [{ Id: 'n1', Name: 'stk_net', Scope: 'swarm' }] });
    const now = world([], [], { networks: [{ Id: 'n2', Name: 'stk_net', Scope: 'swarm' }] });
    const [change] = restore(before, now, ['stk_web']).plan.changes;
    expect(change?.action).toMatchObject({
      spec: { TaskTemplate: { Networks: [{ Target: 'stk_net' }] } },
    });
  });
});

describe('a run that found a service half changed by one that was killed', () => {
  const configs = writeRevision(describeRevision(makeDefinition([web.Spec]), { configs: {}, secrets: {} }), {
    number: 1,
    by: '',
    why: '',
  }).map((Spec, index): ObservedConfig => ({ ID: `c${index}`, Spec }));

  test('goes back to the newest revision, for what it found was never seen to work', () => {
    const broken = world([webBroken], ['stk_web'], { configs });
    const { plan, shown } = restore(broken, broken, ['stk_web']);
    expect(shown).toEqual([
      { does: 'update stk_web', fields: ['image shop/app:broken → shop/app:1'], after: [] },
    ]);
    expect(plan.changes[0]?.action).toMatchObject({ verify: true });
  });

  test('takes back what that one had finished, too', () => {
    const broken = world([webBroken, aux], ['stk_web'], { configs });
    expect(restore(broken, broken, ['stk_web'], ['stk_web', 'stk_aux']).shown).toEqual([
      { does: 'remove stk_aux', fields: [], after: [] },
      { does: 'update stk_web', fields: ['image shop/app:broken → shop/app:1'], after: ['service/stk_aux'] },
    ]);
  });

  test('leaves alone what is well, where the revision is what was found', () => {
    const sick = world([web, aux], ['stk_web'], { configs });
    expect(restore(sick, sick, ['stk_web'], ['stk_web', 'stk_aux']).plan.changes).toEqual([]);
  });

  test('goes back to what it found where there is no revision, and says that it is not waited for', () => {
    const before = world([webBroken], ['stk_web']);
    const now = world([makeService(specOf('web', 'shop/app:worse'))], ['stk_web']);
    const { plan } = restore(before, now, ['stk_web']);
    expect(plan.changes[0]?.action).toMatchObject({ verify: false, spec: webBroken.Spec });
    expect(plan.warnings).toEqual([
      "service stk_web was not well before this run either: that it is again isn't waited for",
    ]);
  });

  test('leaves alone what is as it was and was not well then', () => {
    const broken = world([webBroken], ['stk_web']);
    expect(restore(broken, broken, ['stk_web']).plan.changes).toEqual([]);
  });
});
