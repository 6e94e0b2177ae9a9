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
  return { engine: new Docker(options as Docker.DockerOptions), close: () => agent.destroy() };
}
