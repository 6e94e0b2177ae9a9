/** Two nodes that answer with their own name, behind every kind of frontend: what the engines are held against. */
import { join } from 'node:path';
import { projectDir } from './kawanan.ts';
import type { SmallCluster } from './small-cluster.ts';

const build = join(projectDir, 'test/e2e/support/answering');

const service = (name: string, zone: string, published: number, delayMs = 0): string => `
  ${name}:
    image: answering
    build: ${build}
    environment: {SERVER: ${name}, DELAY_MS: "${delayMs}"}
    networks: [net]
    ports: [{target: 8000, published: ${published}, mode: host}]
    deploy:
      endpoint_mode: dnsrr
      placement: {constraints: [node.labels.zone == ${zone}]}`;

/** Services `one` and `two`, the same on two nodes, and `slow` beside `two`; the section is what stands under `x-balancer`. */
export function writeAnsweringStack(section: string): string {
  return `x-balancer:${section}
services:${service('one', 'a', 8001)}${service('two', 'b', 8002)}${service('slow', 'b', 8003, 300)}
networks: {net: {driver: overlay}}
`;
}

/** Sets how many tasks a service has, and waits until so many run. */
export async function scaleService(
  { on, cluster }: SmallCluster,
  name: string,
  replicas: number,
): Promise<void> {
  await on('vm-dockerswarmmanager', async (host) => {
    const engine = host.engine();
    const handle = engine.getService(`${cluster.stacks[0]!.name}_${name}`);
    const { Version, Spec } = await handle.inspect();
    await handle.update({ version: Version.Index, ...Spec, Mode: { Replicated: { Replicas: replicas } } });
    const isRunning = (task: { Status?: { State?: string } }): boolean => task.Status?.State === 'running';
    for (let tries = 0; tries < 120; tries++) {
      const tasks = await engine.listTasks({
        filters: JSON.stringify({ service: [`${cluster.stacks[0]!.name}_${name}`] }),
      });
      if (tasks.filter(isRunning).length === replicas) return;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    throw new Error(`${name} doesn't have ${replicas} running tasks after 30 s`);
  });
}
