// A request to a unix socket of a host: over a kept stream, over a new stream of a kept connection, and over an SSH
// connection of its own, as `ssh HOST` for each request makes. Side by side, in turns, on this computer's sshd.
// Prints the median of each and how many times as long as the kept stream it takes.
// Run: node bench/remote.ts
import { Agent, createServer, get } from 'node:http';
import { join } from 'node:path';
import type { Host } from '../src/remote/host.ts';
import { createHosts } from '../src/remote/hosts.ts';
import { startSshd } from '../test/remote/sshd.ts';

const rounds = 15;
const sshd = await startSshd();
const socketPath = join(sshd.folder, 'api.sock');
const server = createServer((_request, response) => response.end('{}'));
await new Promise<void>((resolve) => server.listen(socketPath, resolve));

const connectAnew = () => createHosts({ nodes: [sshd.node] }, { home: sshd.folder, agent: null });

function createAgent(host: Host, keepAlive: boolean): Agent {
  const agent = new Agent({ keepAlive });
  agent.createConnection = (_options, done) => {
    host.openSocket(socketPath).then(
      (stream) => done?.(null, stream),
      (error) => done?.(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}

function request(agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: 'api', agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

const kept = connectAnew();
const host = await kept.connect('vm-test');
const keptStream = createAgent(host, true);
const newStream = createAgent(host, false);
const ways: Record<string, () => Promise<void>> = {
  'a kept stream': () => request(keptStream),
  'a new stream of a kept connection': () => request(newStream),
  'a connection of its own': async () => {
    const hosts = connectAnew();
    await request(createAgent(await hosts.connect('vm-test'), false));
    await hosts.close();
  },
};

const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
for (let round = -1; round < rounds; round++) {
  for (const [name, run] of Object.entries(ways)) {
    const startedAt = performance.now();
    await run();
    // the first round warms up
    if (round >= 0) times.get(name)!.push(performance.now() - startedAt);
  }
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const base = median(times.get('a kept stream')!);
for (const [name, values] of times) {
  const ms = median(values);
  process.stdout.write(
    `${name.padEnd(36)} ${ms.toFixed(2).padStart(8)} ms  ${(ms / base).toFixed(0).padStart(4)} x\n`,
  );
}

keptStream.destroy();
server.close();
await kept.close();
await sshd.stop();
