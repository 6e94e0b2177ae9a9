/** What the cluster file makes of a stack that can run nevertheless. Pure. */
import { type Cluster, swarmNodes } from '../../cluster/cluster.ts';
import type { StackDefinition } from '../definition.ts';
import { findEligibleNodes, selectKnowableConstraints, toPlacementNode } from '../placement.ts';
import type { Lint } from './lint.ts';
import { placeLint } from './place-lints.ts';
import { isHeard } from './silence.ts';

/** The definition with the lints that only the cluster's nodes tell. */
export function lintPlacement(definition: StackDefinition, cluster: Cluster): StackDefinition {
  const nodes = swarmNodes(cluster).map(toPlacementNode);
  const found = definition.services.flatMap(({ key, spec }): Lint[] => {
    const replicas = spec.Mode?.Replicated ? (spec.Mode.Replicated.Replicas ?? 1) : 0;
    const constraints = selectKnowableConstraints(spec.TaskTemplate.Placement?.Constraints);
    const eligible = findEligibleNodes(constraints, nodes);
    // With a port of the host, or a limit a node, it can't run at all: that is refused elsewhere.
    const isRefused = spec.EndpointSpec?.Ports?.some((port) => port.PublishMode === 'host');
    if (isRefused || eligible.length === 0 || replicas <= eligible.length) return [];
    return [
      {
        code: 'replicas-share-nodes',
        path: ['services', key, 'deploy', 'replicas'],
        message: `${replicas} replicas of ${key} on ${eligible.length === 1 ? 'one node' : `${eligible.length} nodes`} (${eligible.map((node) => node.hostname).join(', ')})`,
        why: 'some share a node, and go down with it together',
        next: `ask for at most ${eligible.length}, or let more nodes run it`,
      },
    ];
  });
  const heard = found.filter((lint) => isHeard(lint, definition.silences));
  if (heard.length === 0) return definition;
  const placed = heard.map((lint) => placeLint(lint, definition.locate));
  return {
    ...definition,
    lints: [...(definition.lints ?? []), ...placed.map(({ lint }) => lint)],
    warnings: [...definition.warnings, ...placed.map(({ text }) => text)],
  };
}
