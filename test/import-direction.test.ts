import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

/*
 * Arrows point one way: cli → commands → pipeline → rotation → layers, drill, lab → plan, remote → node.
 * A room may import from rooms of a lower rank, from itself, and from what everybody shares.
 */
const ranks: Record<string, number> = {
  'cli.ts': 6,
  commands: 5,
  dashboard: 4.5,
  pipeline: 4,
  rotation: 3,
  hosts: 2,
  swarm: 2,
  images: 2,
  secrets: 2,
  stack: 2,
  balancer: 2,
  drill: 2.5,
  monitoring: 2.5,
  lab: 2,
  lock: 2,
  registry: 1,
  remote: 1,
  plan: 1,
  output: 1,
  cluster: 0,
  input: 0,
  'errors.ts': 0,
};

// What a layer may know of another: pure words about the world, never its observe or apply.
const sharedAcrossLayers = new Set([
  'stack/definition.ts',
  'stack/blue-green.ts',
  'stack/engine-types.ts',
  'stack/placement.ts',
  'secrets/secret-value.ts',
  'secrets/rotation-record.ts',
]);

const source = resolve(import.meta.dirname, '../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const imports = files.flatMap((file) => readImports(file).map((target) => ({ file, ...target })));

interface Import {
  target: string;
  typeOnly: boolean;
}

function readImports(file: string): Import[] {
  const text = readFileSync(join(source, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...text.matchAll(pattern)].map(([, type, fixed, lazy]) => {
    const specifier = (fixed ?? lazy)!;
    const local = specifier.startsWith('.');
    return {
      target: local ? relative(source, resolve(source, dirname(file), specifier)) : specifier,
      typeOnly: type !== undefined,
    };
  });
}

function room(path: string): string {
  return path.split('/')[0]!;
}

describe('imports', () => {
  test('every room has a rank', () => {
    expect(files.map(room).filter((name) => ranks[name] === undefined)).toEqual([]);
  });

  test('point from higher rooms to lower ones only', () => {
    const wrong = imports.filter(({ file, target, typeOnly }) => {
      const [from, to] = [ranks[room(file)], ranks[room(target)]];
      if (to === undefined || room(file) === room(target) || sharedAcrossLayers.has(target)) return false;
      // The contract that commands are given is declared beside the table that loads them.
      if (typeOnly && target === 'cli.ts') return false;
      return to >= from! && !(to === 0 && from === 0) && !(to === 1 && from === 1);
    });
    expect(wrong).toEqual([]);
  });

  test('of pure modules name nothing that does I/O', () => {
    const isPure = (file: string): boolean =>
      /(^|\/)(plan|diff|desired|definition|placement|normalise|render-[^/]+)\.ts$/.test(file);
    const impure =
      /^(node:(fs|net|child_process|http|https|dgram|os|process|timers|readline)|ssh2|dockerode|listr2)/;
    const wrong = imports.filter(
      ({ file, target, typeOnly }) => isPure(file) && !typeOnly && impure.test(target),
    );
    expect(wrong).toEqual([]);
  });
});
