/** How soon a machine that dies is seen: by status --watch, and in a browser by the dashboard. On a quiet computer. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../e2e/support/eventually.ts';
import { expectKawanan, runKawanan } from '../e2e/support/kawanan.ts';
import { openDashboard, shows } from '../e2e/support/open-dashboard.ts';
import { openSmallCluster, type SmallCluster } from '../e2e/support/small-cluster.ts';

const worker = 'vm-dockerswarmworker1';
const times = 5;
const compose = `
x-balancer:
  web: {listen: 80, service: web, check: tcp}
services:
  web:
    image: debian:trixie-slim
    command: [perl, -MIO::Socket::INET, -e, 'my $$l = IO::Socket::INET->new(LocalPort => 8000, Listen => 64, ReuseAddr => 1); while (my $$c = $$l->accept) { sysread $$c, my $$r, 4096; print $$c "HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n" }']
    init: true
    ports: [{target: 8000, published: 8000, mode: host}]
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      placement: {constraints: [node.role == worker], max_replicas_per_node: 1}
`;

let small: SmallCluster;
beforeAll(async () => {
  small = await openSmallCluster('seen-soon', compose);
  await expectKawanan(['up', '--yes', '--file', small.file]);
});
afterAll(() => small?.[Symbol.asyncDispose]());

/** Waits until the machine and its tasks are back. */
const restart = async (): Promise<void> => {
  await expectKawanan(['lab', 'start', worker]);
  await eventually(60_000, async () => {
    const { stdout } = await runKawanan(['status', '--json', '--file', small.file]);
    expect((JSON.parse(stdout) as { degraded: string[] }).degraded).toEqual([]);
  });
};

test('by status --watch within two seconds, each time', async () => {
  const sawAfterMs: number[] = [];
  for (let count = 0; count < times; count++) {
    const watching = runKawanan(['status', '--watch', '--json', '--file', small.file], {
      timeoutMs: 60_000,
      killWhen: (printed) => printed.includes(`"${worker} can't be reached`),
    });
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const killing = runKawanan(['lab', 'kill', worker]).then(() => performance.now());
    await watching;
    const seenAt = performance.now();
    sawAfterMs.push(Math.round(seenAt - (await killing)));
    await restart();
  }
  process.stderr.write(`status --watch saw a killed machine after ${sawAfterMs.join(', ')} ms\n`);
  expect(Math.max(...sawAfterMs)).toBeLessThan(2_000);
});

test('in the browser within two seconds, each time', async () => {
  const sawAfterMs: number[] = [];
  await openDashboard(small.file, async ({ page }) => {
    for (let count = 0; count < times; count++) {
      await shows(page, '#verdict', { 'data-verdict': 'well' });
      const seen = page
        .waitForSelector(`[data-node="${worker}"][data-health="silent"]`, { timeout: 60_000 })
        .then(() => performance.now());
      await expectKawanan(['lab', 'kill', worker]);
      const killedAt = performance.now();
      sawAfterMs.push(Math.round((await seen) - killedAt));
      await restart();
    }
  });
  process.stderr.write(`the dashboard showed a killed machine after ${sawAfterMs.join(', ')} ms\n`);
  expect(Math.max(...sawAfterMs)).toBeLessThan(2_000);
});
