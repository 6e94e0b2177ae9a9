import { describe, expect, test } from 'vitest';
import type { WantedImage } from '../../src/images/desired.ts';
import { EngineFailure, type ImageEngine } from '../../src/images/image-engine.ts';
import { observeImages } from '../../src/images/observe-images.ts';
import { ConnectionError, SocketError } from '../../src/remote/remote-errors.ts';
import { createFakeEngine } from './fake-engine.ts';

const wanted = { stackName: 'shop', images: [] };

function observe(nodes: Record<string, ImageEngine | Error>) {
  const engineOf = async (name: string): Promise<ImageEngine> => {
    const engine = nodes[name]!;
    if (engine instanceof Error) throw engine;
    return engine;
  };
  return observeImages(wanted, Object.keys(nodes), engineOf, undefined);
}

const away = (failure: 'timeout' | 'authentication') => new ConnectionError('w2', failure, 'no way');
const engine = createFakeEngine([{ references: ['a:1'], layers: [] }]);

describe('images are observed', () => {
  test('on the nodes that answer; those that are away are named', async () => {
    const seen = await observe({ w1: engine, w2: away('timeout') });
    const images = await engine.list();
    expect(seen).toEqual({
      kind: 'observed',
      value: {
        nodes: [{ node: 'w1', architecture: 'x86_64', store: 'classic', images }],
        unreachable: ['w2'],
        cached: {},
        exposed: {},
      },
    });
  });

  test('with what they expose, where services publish ports of them', async () => {
    const exposing = createFakeEngine([
      { references: ['a:1'], layers: ['a'], exposedPorts: [80, 443] },
      { references: ['b:1'], layers: ['b'], exposedPorts: [81] },
    ]);
    const image = (reference: string): WantedImage => ({
      reference,
      source: { kind: 'registry' },
      nodes: ['w1', 'w2'],
      services: ['s'],
    });
    const images = [
      { ...image('a:1'), publishes: true as const },
      image('b:1'),
      { ...image('c:1'), publishes: true as const },
    ];
    const engines: Record<string, ImageEngine> = { w1: createFakeEngine(), w2: exposing };
    const seen = await observeImages(
      { stackName: 'shop', images },
      ['w1', 'w2'],
      async (node) => engines[node]!,
      undefined,
    );
    expect(seen).toMatchObject({ value: { exposed: { 'a:1': [80, 443] } } });
    const broken = { ...exposing, inspect: () => Promise.reject(new EngineFailure('gone', 500, undefined)) };
    const without = await observeImages({ stackName: 'shop', images }, ['w2'], async () => broken, undefined);
    expect(without).toMatchObject({ kind: 'observed', value: { exposed: {} } });
  });

  test.each([
    ['there is no socket', new SocketError('w2', '/run/docker.sock', 'absent', 'no socket')],
    ['the engine hangs', new SocketError('w2', '/run/docker.sock', 'silent', 'no answer')],
    ['nobody listens', new EngineFailure('socket hang up', undefined, undefined)],
  ])('as unknown where %s', async (_, error) => {
    const silent = { ...engine, list: () => Promise.reject(error) };
    expect(await observe({ w1: engine, w2: silent })).toEqual({
      kind: 'unknown',
      reason: 'no engine answers on w2',
    });
  });

  test.each([
    ['no node can be reached', { w2: away('timeout') }],
    ['a key is refused', { w1: engine, w2: away('authentication') }],
  ])('not at all when %s', async (_, nodes) => {
    await expect(observe(nodes as Record<string, ImageEngine | Error>)).rejects.toThrow('no way');
  });
});
