import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Docker from 'dockerode';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { createSwarmSecrets, type SwarmSecrets } from '../../src/secrets/swarm-secrets.ts';

let server: Server;
let requests: { method: string; url: string; body: string }[];
let answers: Record<string, { status: number; body: unknown }>;
let swarm: SwarmSecrets;

beforeEach(async () => {
  requests = [];
  answers = {};
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '' } = request;
    requests.push({ method, url, body });
    const answer = answers[`${method} ${url.split('?')[0]}`] ?? {
      status: 404,
      body: { message: 'nothing here' },
    };
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.status === 204 ? undefined : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  swarm = createSwarmSecrets(new Docker({ protocol: 'http', host: '127.0.0.1', port }));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const value = new SecretValue('hunter2');

describe('a secret', () => {
  test('travels in the body of the request, never in its address', async () => {
    answers = {
      'POST /secrets/create': { status: 201, body: { ID: 'x' } },
      'POST /configs/create': { status: 201, body: { ID: 'y' } },
    };
    expect(await swarm.create('a', { l: '1' }, value)).toBe(true);
    expect(await swarm.createKey({ l: '2' }, value)).toBe(true);
    const data = Buffer.from('hunter2').toString('base64');
    expect(requests.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ['POST', '/secrets/create?', { Name: 'a', Labels: { l: '1' }, Data: data }],
      ['POST', '/configs/create?', { Name: 'kawanan.fingerprint-key', Labels: { l: '2' }, Data: data }],
    ]);
  });

  test('whose name is taken is told apart from a failure, which has the words of the engine only', async () => {
    answers = { 'POST /secrets/create': { status: 409, body: { message: 'exists' } } };
    expect(await swarm.create('a', {}, value)).toBe(false);
    answers = { 'POST /secrets/create': { status: 503, body: { message: 'the swarm has no leader' } } };
    await expect(swarm.create('a', {}, value)).rejects.toMatchObject({
      message: "the secret a can't be created",
      details: ['the swarm has no leader'],
    });
  });

  test('that is gone already is removed', async () => {
    await swarm.remove('gone');
    await swarm.removeConfig('gone');
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /secrets/gone',
      'DELETE /configs/gone',
    ]);
  });

  test('is known with the services, rollbacks and tasks that use it', async () => {
    const template = (id: string) => ({ ContainerSpec: { Secrets: [{ SecretID: id, SecretName: id }] } });
    const service = {
      Spec: {
        Name: 'shop_api',
        Labels: { 'com.docker.stack.namespace': 'shop' },
        TaskTemplate: template('s2'),
      },
      PreviousSpec: { TaskTemplate: template('s1') },
    };
    const task = (id: string, state: string) => ({ Status: { State: state }, Spec: template(id) });
    answers = {
      'GET /secrets': {
        status: 200,
        body: ['s1', 's2', 's3', 's4'].map((id) => ({ ID: id, Spec: { Name: `n-${id}` } })),
      },
      'GET /services': {
        status: 200,
        body: [service, { Spec: { Name: 'plain', TaskTemplate: template('s2') } }],
      },
      'GET /tasks': {
        status: 200,
        body: [task('s3', 'running'), task('s4', 'shutdown'), task('s4', 'failed')],
      },
    };
    const shop = { name: 'shop_api', stack: 'shop' };
    const none = { labels: {}, services: [], inRunningTask: false };
    expect(await swarm.list()).toEqual([
      { ...none, id: 's1', name: 'n-s1', services: [shop] },
      { ...none, id: 's2', name: 'n-s2', services: [shop, { name: 'plain' }] },
      { ...none, id: 's3', name: 'n-s3', inRunningTask: true },
      { ...none, id: 's4', name: 'n-s4' },
    ]);
  });

  test('has its key by the exact name, not by its beginning', async () => {
    const config = (name: string) => ({
      ID: name,
      Spec: { Name: name, Data: Buffer.from(name).toString('base64') },
    });
    answers = { 'GET /configs': { status: 200, body: [config('kawanan.fingerprint-key2')] } };
    expect(await swarm.readKey()).toBeUndefined();
    answers = {
      'GET /configs': {
        status: 200,
        body: [config('kawanan.fingerprint-key2'), config('kawanan.fingerprint-key')],
      },
    };
    const found = await swarm.readKey();
    expect([found?.id, found?.key.reveal().toString()]).toEqual([
      'kawanan.fingerprint-key',
      'kawanan.fingerprint-key',
    ]);
  });
});
