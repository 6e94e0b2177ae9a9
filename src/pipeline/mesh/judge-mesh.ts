/** Finds entries of IPVS that lead nowhere, and tasks that have none. Pure. */
import type { Finding } from '../finding.ts';
import type { MeshEvidence, MeshTask, SandboxTables, SwarmService } from './mesh-tables.ts';

/** One finding for each node whose tables differ from what the swarm wants; one line where all agree. */
export function judgeMesh(evidence: MeshEvidence): Finding[] {
  const findings = evidence.tables.flatMap(({ node, sandboxes }): Finding[] => {
    // Where not one table has an entry, the kernel may have no IPVS, which others tell of.
    const hasTables = sandboxes.some(({ services }) => services.length > 0);
    const lines = sandboxes.flatMap((sandbox) => [
      ...judgeSandbox(sandbox, evidence),
      ...(hasTables ? findAbsent(sandbox, evidence) : []),
    ]);
    if (lines.length === 0) return [];
    return [
      {
        verdict: 'broken',
        about: node,
        message:
          'its IPVS table is stale: connections that this node hands on through the ingress mesh or to virtual addresses are lost, or go to fewer tasks than there are',
        evidence: lines,
        next: `restart its engine, which makes the table anew (its tasks start anew, too): systemctl restart docker on ${node}`,
        mend: { kind: 'restart-unit', host: node, unit: 'docker.service' },
      },
    ];
  });
  const looked = evidence.tables.filter(({ sandboxes }) =>
    sandboxes.some(({ services }) => services.length > 0),
  );
  if (findings.length > 0 || looked.length === 0) return findings;
  const nodes = looked.map(({ node }) => node).join(', ');
  return [{ verdict: 'ok', about: nodes, message: 'IPVS has an entry for each task and no others' }];
}

/** Services whose whole part of a table is gone. Without any rule, nothing tells that this sandbox should have one. */
function findAbsent(sandbox: SandboxTables, evidence: MeshEvidence): string[] {
  const network = findNetwork(sandbox, evidence);
  if (network === undefined || Object.keys(sandbox.marks).length === 0) return [];
  const present = new Set(sandbox.services.map(({ mark }) => mark));
  return evidence.services.flatMap(({ id, name, virtualAddresses }) => {
    const address = virtualAddresses[network];
    const mark = address === undefined ? undefined : sandbox.marks[address];
    if (address === undefined || (mark !== undefined && present.has(mark))) return [];
    const well = evidence.tasks.filter((task) => task.service === id && task.isWell);
    return well
      .filter(({ addresses }) => addresses[network] !== undefined)
      .map((task) => describeMissing(nameNetwork(network, evidence), name, task, network));
  });
}

function nameNetwork(network: string, { ingressNetwork }: MeshEvidence): string {
  return network === ingressNetwork ? 'the ingress mesh' : 'virtual addresses';
}

function describeMissing(where: string, service: string, task: MeshTask, network: string): string {
  return `${where}, ${service}: no entry for its task on ${task.node} (${task.addresses[network]})`;
}

function judgeSandbox(sandbox: SandboxTables, evidence: MeshEvidence): string[] {
  const network = findNetwork(sandbox, evidence);
  if (network === undefined) return [];
  const where = nameNetwork(network, evidence);
  const known = (service: SwarmService): string | undefined => service.virtualAddresses[network];
  return sandbox.services.flatMap(({ mark, servers }) => {
    const address = Object.keys(sandbox.marks).find((one) => sandbox.marks[one] === mark);
    const service = evidence.services.find((one) => address !== undefined && known(one) === address);
    // Without its rule a mark can't be told whose it is: any task's address will do then.
    const own = evidence.tasks.filter(
      (task) => task.addresses[network] !== undefined && (!service || task.service === service.id),
    );
    const well = own.filter(({ isWell }) => isWell);
    const addresses = new Set(well.map((task) => task.addresses[network]!));
    const name =
      service?.name ?? (address === undefined ? 'a service' : `a service at ${address} that is gone`);
    const stale = servers.filter((one) => one.weight > 0 && !addresses.has(one.address));
    const missing = service
      ? well.filter((task) => !servers.some((one) => one.address === task.addresses[network]))
      : [];
    return [
      ...stale.map(
        (one) => `${where}, ${name}: ${one.address} ${describeFormer(one.address, network, evidence.tasks)}`,
      ),
      ...missing.map((task) => describeMissing(where, name, task, network)),
    ];
  });
}

function describeFormer(address: string, network: string, tasks: MeshTask[]): string {
  const former = tasks.find((task) => task.addresses[network] === address);
  return former === undefined
    ? 'is no address of a task'
    : `is the address of a task on ${former.node} that doesn't run, or of another service`;
}

function findNetwork(
  { name }: SandboxTables,
  { services, tasks, ingressNetwork }: MeshEvidence,
): string | undefined {
  if (name === 'ingress_sbox') return ingressNetwork;
  const begin = name.replace(/^lb_/, '');
  const ids = [
    ...services.flatMap(({ virtualAddresses }) => Object.keys(virtualAddresses)),
    ...tasks.flatMap(({ addresses }) => Object.keys(addresses)),
  ];
  return ids.find((id) => id.startsWith(begin));
}
