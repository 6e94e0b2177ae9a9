import { Agent, type Dispatcher } from 'undici';
import type { HttpTarget, ProbeSettings } from './options.ts';
import { nameFailure, type Sender } from './sender.ts';

/** Sends HTTP/1.1 requests through undici: one request at a time on a connection, as many connections as are needed. */
export function createHttpSender(settings: Pick<ProbeSettings, 'maxInFlight' | 'timeoutMs' | 'insecure'>): {
  prepare(target: HttpTarget): Sender;
  close(): Promise<void>;
} {
  const createAgent = (): Agent =>
    new Agent({
      connections: settings.maxInFlight,
      pipelining: 1,
      allowH2: false,
      // Only the probe's own deadline counts; these are coarse. The last only cleans up after it.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: settings.timeoutMs + 1000, rejectUnauthorized: !settings.insecure },
    });
  // Apart, or a request that is to have a new connection would take one that another target has kept.
  const agents = { keep: createAgent(), new: createAgent() };
  return {
    prepare: (target) => prepareRequest(agents[target.connection ?? 'keep'], target),
    close: async () => {
      await Promise.all([agents.keep.destroy(), agents.new.destroy()]);
    },
  };
}

function prepareRequest(agent: Agent, target: HttpTarget): Sender {
  const url = new URL(target.url);
  const expected = target.expectStatus;
  const isExpected = (status: number): boolean =>
    expected === undefined ? status >= 200 && status < 400 : expected.includes(status);
  const serverHeader = target.serverHeader?.toLowerCase();
  const options: Dispatcher.DispatchOptions = {
    origin: url.origin,
    path: url.pathname + url.search,
    method: target.method ?? 'GET',
    headers: target.headers ?? {},
    body: target.body ?? null,
    reset: target.connection === 'new',
  };
  return (done) => {
    let controller: Dispatcher.DispatchController | undefined;
    let givenUp = false;
    let status: number | null = null;
    let server: string | null = null;
    let bytes = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (started) => {
        controller = started;
        if (givenUp) started.abort(new Error('given up'));
      },
      onResponseStart: (_controller, statusCode, headers) => {
        // 1xx come before the answer itself.
        if (statusCode < 200) return;
        status = statusCode;
        const value = serverHeader === undefined ? undefined : headers[serverHeader];
        server = value === undefined ? null : String(value);
      },
      onResponseData: (_controller, chunk) => {
        bytes += chunk.length;
      },
      onResponseEnd: () => {
        const failure = status !== null && isExpected(status) ? null : `status ${status}`;
        done({ failure, status, server, bytes });
      },
      onResponseError: (_controller, error) => done({ failure: nameFailure(error), status, server, bytes }),
    };
    try {
      agent.dispatch(options, handler);
    } catch (error) {
      done({ failure: nameFailure(error), status, server, bytes });
    }
    return () => {
      givenUp = true;
      controller?.abort(new Error('given up'));
    };
  };
}
