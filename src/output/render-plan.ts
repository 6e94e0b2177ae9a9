import { type Change, type ChangeKind, type LayerPlan, nameLayer } from '../plan/change.ts';
import { describeChange } from './describe-change.ts';
import { formatCount } from './format.ts';
import { neutralise, type Terminal } from './terminal.ts';

type Colors = Terminal['colors'];

const signs: Record<ChangeKind, string> = { create: '+', update: '~', replace: '±', remove: '-' };

/** A plan as a person reads it: a block a layer, a line a change, its fields below, a footer that counts. */
export function renderPlan(plans: LayerPlan[], colors: Colors): string {
  const blocks = plans.flatMap((plan) => renderLayer(plan, colors));
  const warnings = plans.flatMap((plan) =>
    plan.warnings.map((text) => `${colors.yellow('warning')} ${neutralise(text)}\n`),
  );
  return [...blocks, ...warnings, renderFooter(plans)].join('');
}

function renderLayer(plan: LayerPlan, colors: Colors): string[] {
  if (plan.unknown !== undefined) {
    return [`${colors.bold(nameLayer(plan))}\n  ? known after apply: ${neutralise(plan.unknown)}\n`];
  }
  if (plan.changes.length === 0) return [];
  return [`${colors.bold(nameLayer(plan))}\n`, ...plan.changes.map((change) => renderChange(change, colors))];
}

function renderChange(change: Change, colors: Colors): string {
  const paint = { create: colors.green, update: colors.yellow, replace: colors.yellow, remove: colors.red }[
    change.kind
  ];
  const lines = [`  ${paint(signs[change.kind])} ${describeChange(change)}`];
  for (const field of change.fields) lines.push(`      ${neutralise(renderField(field))}`);
  if (change.interrupts !== undefined)
    lines.push(`      ${colors.yellow('interrupts')} ${neutralise(change.interrupts)}`);
  return lines.map((line) => `${line}\n`).join('');
}

function renderField({ path, before, after }: Change['fields'][number]): string {
  if (before === undefined) return `${path} + ${after ?? ''}`;
  if (after === undefined) return `${path} - ${before}`;
  return `${path} ${before} → ${after}`;
}

function renderFooter(plans: LayerPlan[]): string {
  const changes = plans.flatMap((plan) => plan.changes);
  const unchanged = plans.reduce((sum, plan) => sum + plan.unchanged, 0);
  const unknown = plans.filter((plan) => plan.unknown !== undefined).length;
  if (changes.length === 0 && unknown === 0) return `no changes · ${unchanged} unchanged\n`;
  const counts = (Object.keys(signs) as ChangeKind[])
    .map((kind) => ({ kind, count: changes.filter((change) => change.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${kind}`);
  const hosts = new Set(changes.map((change) => change.object.host).filter((host) => host !== undefined));
  const interruptions = changes.filter((change) => change.interrupts !== undefined).length;
  return `${[
    ...counts,
    `${unchanged} unchanged`,
    ...(hosts.size > 0 ? [`on ${formatCount(hosts.size, 'host')}`] : []),
    ...(interruptions > 0 ? [formatCount(interruptions, 'interruption')] : []),
    ...(unknown > 0 ? [`${formatCount(unknown, 'layer')} known after apply`] : []),
  ].join(' · ')}\n`;
}

/** Whether carrying these plans out would do anything. */
export function hasChanges(plans: LayerPlan[]): boolean {
  return plans.some((plan) => plan.changes.length > 0 || plan.unknown !== undefined);
}

/** The plan for `--json`: everything but the layers' own instructions. */
export function planToJson(plans: LayerPlan[]): unknown {
  return plans.map(({ changes, versions: _versions, exposedPorts: _exposedPorts, ...plan }) => ({
    ...plan,
    changes: changes.map(({ action: _, ...change }) => change),
  }));
}
