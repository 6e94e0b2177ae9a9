import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import Docker from 'dockerode';

/** Where the engine listens on every host. */
export const engineSocketPath = '/run/docker.sock';

/** The Engine API over streams that `open` makes; streams are kept and used again. */
export function createEngineApi(open: () => Promise<Duplex>): { engine: Docker; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  agent.createConnection = (_options, callback) => {
    open().then(
      (stream) => callback?.(null, stream),
      (error) => callback?.(error, undefined as never),
    );
    return undefined;
  };
  // The name is never looked up: the agent's streams lead to the socket.
  const options = { protocol: 'http', host: 'engine', port: 80, agent } as const;
  return {
    engine: withoutDockerHost(() => new Docker(options as Docker.DockerOptions)),
    close: () => agent.destroy(),
  };
}

/** dockerode reads DOCKER_HOST and the files that go with it even when it is told where to go. */
function withoutDockerHost<Result>(make: () => Result): Result {
  const { DOCKER_HOST } = process.env;
  delete process.env['DOCKER_HOST'];
  try {
    return make();
  } finally {
    if (DOCKER_HOST !== undefined) process.env['DOCKER_HOST'] = DOCKER_HOST;
  }
}
