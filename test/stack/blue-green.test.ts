import { describe, expect, test } from 'vitest';
import {
  findPair,
  foldColors,
  nameInColor,
  nameWithoutColor,
  paintSpec,
  readColor,
  unpaintSpec,
} from '../../src/stack/blue-green.ts';
import type { ServiceSpec } from '../../src/stack/engine-types.ts';
import { planRestore } from '../../src/stack/plan-restore.ts';
import { planServices } from '../../src/stack/plan-services.ts';
import { makeDefinition, makeObserved, makeService, makeSpec, makeTask } from './builders.ts';

const ports = { blue: 8000, green: 18000 };
const specOf = (image = 'shop/app:1'): ServiceSpec => {
  const spec = makeSpec('web', (made) => {
    made.TaskTemplate.ContainerSpec.Image = image;
  });
  const published = [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 8000, PublishMode: 'host' }];
  return {
    ...spec,
    Labels: { ...spec.Labels, team: 'shop' },
    EndpointSpec: { Mode: 'dnsrr', Ports: published },
  };
};

function serviceOf(spec: ServiceSpec, createdAt: string) {
  return { ...makeService(spec), ID: `id-${spec.Name}`, CreatedAt: createdAt };
}

const blue = (image?: string) => serviceOf(specOf(image), '2026-01-01T00:00:00Z');
const green = (image?: string, createdAt = '2026-01-02T00:00:00Z') =>
  serviceOf(paintSpec(specOf(image), 'green', ports), createdAt);
const definition = (image = 'shop/app:1') => ({
  ...makeDefinition([]),
  services: [{ key: 'web', spec: specOf(image), dependsOn: [], blueGreen: ports }],
});

describe('a service of two colors', () => {
  test('is as the compose file has it in blue', () => {
    expect(paintSpec(specOf(), 'blue', ports)).toEqual(specOf());
  });

  test('has another name, port and a label in green, and nothing else', () => {
    const { Name, Labels, EndpointSpec, ...rest } = paintSpec(specOf(), 'green', ports);
    const { Name: name, Labels: labels, EndpointSpec: endpoint, ...others } = specOf();
    expect({ Name, Labels, Ports: EndpointSpec?.Ports?.map(({ PublishedPort }) => PublishedPort) }).toEqual({
      Name: `${name}--green`,
      Labels: { ...labels, 'kawanan.color': 'green' },
      Ports: [18000],
    });
    expect(rest).toEqual(others);
    expect(EndpointSpec?.Mode).toBe(endpoint?.Mode);
  });

  test.each(['blue', 'green'] as const)('comes back from %s as it was', (color) => {
    const painted = paintSpec(specOf(), color, ports);
    expect(readColor(painted)).toBe(color);
    expect(nameWithoutColor(painted)).toBe('stk_web');
    expect(unpaintSpec(painted, ports)).toEqual(specOf());
  });

  test("that only sounds like one isn't", () => {
    expect(nameWithoutColor({ Name: nameInColor('stk_web', 'green') })).toBe('stk_web--green');
  });

  test('is served by the older one, whichever its color', () => {
    const older = green(undefined, '2025-12-31T00:00:00Z');
    expect(findPair('stk_web', [blue(), older])).toEqual({ serving: older, candidate: blue() });
    expect(findPair('stk_web', [older])).toEqual({ serving: older });
  });

  test('is compared in the words of the compose file, the one that is about to serve aside', () => {
    const other = makeService(makeSpec('other'));
    const folded = foldColors([green(), other, blue()], definition().services);
    expect(folded.services.map(({ ID, Spec }) => [ID, Spec.Name])).toEqual([
      [other.ID, 'stk_other'],
      ['id-stk_web', 'stk_web'],
    ]);
    expect(folded.candidates.map(({ ID, Spec }) => [ID, Spec])).toEqual([['id-stk_web--green', specOf()]]);
  });
});

function plan(wanted: string, services: ReturnType<typeof blue>[]) {
  const folded = foldColors(services, definition().services);
  const tasks = services.map((service) => makeTask(service));
  const { changes, unchanged } = planServices({
    definition: definition(wanted),
    observed: { ...makeObserved({ tasks }), ...folded },
    networks: new Map(),
    names: { secrets: {}, configs: {} },
    uprooted: new Map(),
    foundations: [],
  });
  return [
    ...changes.map(({ kind, title, action, interrupts }) => ({ kind, title, does: action.do, interrupts })),
    unchanged,
  ];
}

describe('a plan', () => {
  const turn =
    'service stk_web over: new tasks beside those that serve, which stop once all balancers have turned to the new ones';

  test.each([
    [
      'creates the blue one first',
      [],
      { kind: 'create', title: 'create service stk_web', does: 'create-service' },
    ],
    ['turns blue over', [blue('shop/app:0')], { kind: 'update', title: `turn ${turn}`, does: 'turn-over' }],
    ['turns green over', [green('shop/app:0')], { kind: 'update', title: `turn ${turn}`, does: 'turn-over' }],
    [
      'goes on where a run was killed',
      [blue('shop/app:0'), green()],
      { kind: 'update', title: `go on turning ${turn}`, does: 'turn-over' },
    ],
    [
      'takes back what a killed run began, when that is no longer wanted',
      [blue(), green('shop/app:2')],
      {
        kind: 'update',
        title: 'take back the turn-over of service stk_web that was begun',
        does: 'turn-over',
      },
    ],
  ])('%s, and interrupts nothing', (_, services, change) => {
    expect(plan('shop/app:1', services)).toEqual([{ ...change, interrupts: undefined }, 0]);
  });

  test.each([
    ['blue', blue()],
    ['green', green()],
  ])('finds nothing to do where %s is as wanted', (_, service) => {
    expect(plan('shop/app:1', [service])).toEqual([1]);
  });
});

describe('a failed run', () => {
  const restore = (before: ReturnType<typeof blue>[], now: ReturnType<typeof blue>[]) => {
    const world = (services: typeof before) => ({
      ...makeObserved({ tasks: services.map((service) => makeTask(service)) }),
      ...foldColors(services, definition().services),
    });
    const touched = new Set(['stk_web', 'stk_web--green']);
    return planRestore({
      definition: definition('shop/app:2'),
      touched,
      before: world(before),
      now: world(now),
    });
  };

  test.each([
    ['that stopped before the turn', [blue()], [blue(), green('shop/app:2')]],
    ['that stopped after it', [blue()], [green('shop/app:2')]],
  ])('%s is turned back', (_, before, now) => {
    expect(restore(before, now).changes.map(({ kind, action }) => [kind, action])).toEqual([
      ['update', { do: 'turn-over', service: 'web', names: { secrets: {}, configs: {} }, spec: specOf() }],
    ]);
  });

  test('that had not touched the tasks leaves them alone', () => {
    expect(restore([blue()], [blue()])).toMatchObject({ changes: [], unchanged: 1 });
  });
});
