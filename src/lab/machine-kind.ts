/** What a lab's machines are made of, and which node gets which. Pure. */

import { InputError } from '../errors.ts';
import { findNode, labNodes } from './lab.ts';

/**
 * `nspawn`: a container on this computer's kernel, started in seconds.
 * `uml`: User-Mode Linux, a kernel of its own that runs as a process here; slower, but it has all that swarms use.
 */
export const machineKinds = ['nspawn', 'uml'] as const;
export type MachineKind = (typeof machineKinds)[number];

/** Kinds of all machines of a lab, by node name. */
export type MachineKinds = Readonly<Record<string, MachineKind>>;

/** What `--machines` was given: one kind for the swarm's nodes, the lab's own choice, or kinds of single nodes. */
export type MachineRequest = MachineKind | 'auto' | MachineKinds;

const example = '--machines uml, or --machines worker1=uml,worker2=uml';

/**
 * Reads the value of `--machines`: `nspawn`, `uml`, `auto`, or `NODE=KIND` separated by commas.
 * @throws InputError that names all that is wrong with it.
 */
export function parseMachineRequest(text: string): MachineRequest {
  if (!text.includes('=')) {
    if (text === 'auto' || isMachineKind(text)) return text;
    throw new InputError({
      message: `--machines: ${unknownKind(text, ['auto', ...machineKinds])}`,
      next: example,
    });
  }
  const kinds: Record<string, MachineKind> = {};
  const problems: string[] = [];
  for (const part of text.split(',')) {
    const [name = '', kind = '', ...rest] = part.split('=');
    const node = readNode(name);
    if (!node) problems.push(`the lab has no node "${name}"; its nodes are ${listNodes()}`);
    else if (kinds[node]) problems.push(`${node} is named twice`);
    if (rest.length > 0 || !isMachineKind(kind))
      problems.push(unknownKind([kind, ...rest].join('='), machineKinds));
    else if (node) kinds[node] = kind;
  }
  if (problems.length === 0) return kinds;
  throw new InputError({ message: `--machines ${text}: ${problems.join('; ')}`, next: example });
}

function isMachineKind(text: string): text is MachineKind {
  return machineKinds.some((kind) => kind === text);
}

function unknownKind(text: string, known: readonly string[]): string {
  return `"${text}" is no kind of machine; there are ${known.join(', ')}`;
}

function readNode(name: string): string | undefined {
  try {
    return findNode(name).name;
  } catch {
    return undefined;
  }
}

function listNodes(): string {
  return labNodes.map((node) => node.name).join(', ');
}

export interface MachineChoice {
  kinds: MachineKinds;
  /** What was chosen and why, as one sentence. */
  reason: string;
}

/**
 * The kind of every machine of a new lab. Balancers need nothing of a kernel that containers lack.
 * @param request absent: containers, which start fastest.
 * @param ipvs whether this computer's kernel has IPVS, which the ingress mesh and virtual service addresses need.
 */
export function chooseMachines(request: MachineRequest | undefined, ipvs: boolean): MachineChoice {
  const kernel = `this computer's kernel has ${ipvs ? '' : 'no '}IPVS`;
  if (typeof request === 'object') return { kinds: { ...allOf('nspawn'), ...request }, reason: 'as told' };
  if (request === undefined) {
    const missing = `${kernel}: no ingress mesh and no virtual service addresses; --machines uml has both`;
    return { kinds: allOf('nspawn'), reason: ipvs ? kernel : missing };
  }
  if (request === 'auto') {
    const kind = ipvs ? 'nspawn' : 'uml';
    return { kinds: swarmNodesOf(kind), reason: kernel };
  }
  return { kinds: swarmNodesOf(request), reason: 'as told' };
}

function allOf(kind: MachineKind): MachineKinds {
  return Object.fromEntries(labNodes.map((node) => [node.name, kind]));
}

function swarmNodesOf(kind: MachineKind): MachineKinds {
  return Object.fromEntries(labNodes.map(({ name, role }) => [name, role === 'balancer' ? 'nspawn' : kind]));
}

/** e.g. `2 nspawn, 3 uml (vm-dockerswarmmanager, …)`; only the kind where all are alike. */
export function describeMachines(kinds: MachineKinds): string {
  const groups = machineKinds.flatMap((kind) => {
    const names = labNodes.map((node) => node.name).filter((name) => kinds[name] === kind);
    return names.length > 0 ? [{ kind, names }] : [];
  });
  if (groups.length === 1) return groups[0]!.kind;
  return groups.map(({ kind, names }) => `${kind}: ${names.join(', ')}`).join('; ');
}

/** Whether a lab that has these kinds is what is asked for; one that wasn't asked for any is. */
export function sameMachines(
  kinds: MachineKinds,
  request: MachineRequest | undefined,
  ipvs: boolean,
): boolean {
  if (request === undefined) return true;
  const wanted = typeof request === 'object' ? request : chooseMachines(request, ipvs).kinds;
  return Object.entries(wanted).every(([name, kind]) => kinds[name] === kind);
}
