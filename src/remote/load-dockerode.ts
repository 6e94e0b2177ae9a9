import { createRequire } from 'node:module';
import type Docker from 'dockerode';

const require = createRequire(import.meta.url);

/** What dockerode loads for things we never do: a hundred modules of gRPC and protobuf, and its own tar. */
const unused: Record<string, string> = {
  './session': 'sessions of BuildKit',
  'tar-fs': 'archives of folders',
};

/** dockerode without what it loads in vain: a tenth of what a command's start costs. */
export function loadDockerode(): typeof Docker {
  const { resolve } = createRequire(require.resolve('dockerode'));
  for (const [name, what] of Object.entries(unused)) {
    const filename = resolve(name);
    require.cache[filename] ??= {
      id: filename,
      filename,
      loaded: true,
      exports: () => {
        throw new Error(`${what} are not loaded`);
      },
    } as unknown as NodeJS.Module;
  }
  return require('dockerode') as typeof Docker;
}
