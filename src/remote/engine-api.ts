import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import type Docker from 'dockerode';
import { loadDockerode } from './load-dockerode.ts';
import { SocketError } from './remote-errors.ts';

// Not imported: an ES module that imports node:http loads all that it exports, undici for WebSocket included, which is
// as much again as the rest of Node.js takes to start.
const http = process.getBuiltinModule('node:http');

/** Where the engine listens on every host. */
export const engineSocketPath = '/run/docker.sock';

/** How long an engine may take. */
export interface EngineLimits {
  /** To answer a call that reads. */
  readMs: number;
  /** To answer a call that changes something. */
  changeMs: number;
  /** Between two bytes of what streams in or out; a step of a build may print nothing for long. Logs may be silent for ever. */
  silenceMs: number;
}

const defaultLimits: EngineLimits = { readMs: 30_000, changeMs: 180_000, silenceMs: 1_800_000 };

/**
 * The Engine API over streams that `open` makes; streams are kept and used again. A call that isn't answered in time
 * fails with a `SocketError` (`silent`) that names `host`.
 */
export function createEngineApi(
  open: () => Promise<Duplex>,
  host: string,
  limits: EngineLimits = defaultLimits,
): { engine: Docker; close: () => void } {
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 4 }) as WatchedAgent;
  // docker-modem describes each request in full for its own log, whether or not that is on: streams, keys and all.
  Object.defineProperty(agent, inspect.custom, { value: () => `the engine of ${host}` });
  const watch = watchSilence(host, limits.silenceMs);
  const addRequest = agent.addRequest.bind(agent);
  agent.addRequest = (request, ...rest) => {
    watch.request(request);
    addRequest(request, ...rest);
  };
  agent.createConnection = (_options, callback) => {
    open().then(
      (stream) => callback?.(null, watch.stream(stream)),
      (error) => callback?.(error, undefined as never),
    );
    return undefined;
  };
  // The name is never looked up: the agent's streams lead to the socket.
  const options = { protocol: 'http', host: 'engine', port: 80, agent } as const;
  const Engine = loadDockerode();
  const engine = withoutDockerHost(() => new Engine(options as Docker.DockerOptions));
  limitCalls(engine, host, limits);
  return { engine, close: () => agent.destroy() };
}

/** The part of docker-modem's `dial` that a bound on its answer needs. */
interface Dialling {
  method: string;
  path: string;
  isStream?: boolean;
  hijack?: boolean;
  abortSignal?: AbortSignal;
}
type Answered = (error: unknown, answer?: unknown) => void;

/** An engine that hangs still accepts: each call whose answer comes as a whole gets an end. */
function limitCalls(engine: Docker, host: string, limits: EngineLimits): void {
  const modem = engine.modem as { dial(call: Dialling, answered: Answered): void };
  const dial = modem.dial.bind(modem);
  modem.dial = (call, answered) => {
    if (call.isStream || call.hijack) return dial(call, answered);
    const limitMs = call.method === 'GET' ? limits.readMs : limits.changeMs;
    const limit = new AbortController();
    let settled = false;
    const settle: Answered = (error, answer) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      answered(error, answer);
    };
    const timer = setTimeout(() => {
      // Not only by the abort: a request that still waits for its stream doesn't notice one.
      settle(explainSilence(host, call, limitMs));
      limit.abort();
    }, limitMs);
    const abortSignal = call.abortSignal ? AbortSignal.any([call.abortSignal, limit.signal]) : limit.signal;
    dial({ ...call, abortSignal }, settle);
  };
}

/** What every agent has, and node:http calls for each request. */
interface WatchedAgent extends Agent {
  addRequest(request: ClientRequest, ...rest: unknown[]): void;
}

const endlessPath = /\/logs(\?|$)/;

/** Ends a request whose stream moves no byte for too long, either way. */
function watchSilence(
  host: string,
  silenceMs: number,
): { request(request: ClientRequest): void; stream(stream: Duplex): Duplex } {
  const signsOfLife = new WeakMap<Duplex, () => void>();
  return {
    request: (request) => {
      const { method, path } = request;
      if (endlessPath.test(path)) return;
      let answer: IncomingMessage | undefined;
      const timer = setTimeout(
        () => (answer ?? request).destroy(explainSilence(host, { method, path }, silenceMs)),
        silenceMs,
      );
      request.once('socket', (stream) => signsOfLife.set(stream, () => timer.refresh()));
      request.once('response', (response) => {
        answer = response;
      });
      request.once('close', () => clearTimeout(timer));
    },
    stream: (stream) => {
      const { push, write } = stream;
      const live = <Args extends unknown[], Result>(act: (...args: Args) => Result) =>
        function (this: Duplex, ...args: Args): Result {
          signsOfLife.get(stream)?.();
          return act.apply(this, args);
        };
      return Object.assign(stream, { push: live(push), write: live(write as Duplex['push']) });
    },
  };
}

function explainSilence(
  host: string,
  { method, path }: Pick<Dialling, 'method' | 'path'>,
  limitMs: number,
): SocketError {
  // Without what follows the question mark: filters, which may be long.
  const what = `${method} ${path.replace(/\?.*$/, '')}`;
  return new SocketError(
    host,
    engineSocketPath,
    'silent',
    `the engine did not answer ${what} within ${limitMs / 1000} s`,
    { next: `it hangs: on ${host}, systemctl restart docker; then run the same command again` },
  );
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
