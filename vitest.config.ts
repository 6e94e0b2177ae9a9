import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Workers, and the programs that tests start, needn't compile again what the run before compiled.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

// They count what clients lose under load, which means something on a computer that does nothing else.
const counting = [
  'balancer-engines',
  'nodes',
  'rotation',
  'servers-follow',
  'several-stacks',
  'virtual-address',
].map((name) => `test/e2e/${name}.test.ts`);

export default defineConfig({
  test: {
    fsModuleCache: true,
    projects: [
      {
        test: {
          name: 'unit',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/measured/**', 'test/ingress/**'],
          // For a computer that is busy with other things: none takes a second on one that isn't.
          testTimeout: 30_000,
        },
      },
      {
        // Two files at a time, each with a lab of its own; within a file tests go in order, one builds on the other.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: counting,
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'e2e-load',
          include: counting,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        // On machines with kernels of their own, where containers take half a minute to start.
        test: {
          name: 'ingress',
          include: ['test/ingress/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        // Whole-system runs whose counts of lost requests mean something on a computer that does nothing else: by hand.
        test: {
          name: 'measured',
          include: ['test/measured/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
