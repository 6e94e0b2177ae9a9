import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const module = join(import.meta.dirname, '../../src/remote/load-dockerode.ts');

// In a process of its own: what other tests have loaded would be there already.
test('dockerode is loaded without gRPC', async () => {
  const script = `
    import { createRequire } from 'node:module';
    const { loadDockerode } = await import(${JSON.stringify(module)});
    const engine = new (loadDockerode())({ socketPath: '/nowhere' });
    const loaded = Object.keys(createRequire(${JSON.stringify(module)}).cache);
    console.log(typeof engine.listServices, loaded.filter((file) => /grpc|protobuf/.test(file)).length);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stdout.trim()).toBe('function 0');
});
