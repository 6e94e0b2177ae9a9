/** Real requests through a balancer's own frontends, before and after its configuration is changed. */
import type { Host } from '../remote/host.ts';
import type { BalancerModel, FrontendModel } from './backends.ts';
import { statisticsPort } from './definition.ts';

/** By a frontend's name: the status it answered with, 0 for a connection that was taken, absent when it answered nothing. */
export type FrontendAnswers = Record<string, number>;

interface ProbedFrontend {
  name: string;
  port: number;
  /** Without one only the connection is tried: behind TLS, in tcp mode and where a page is sent to everybody. */
  path?: string;
}

/** One round trip: every frontend is asked at once, from the balancer itself. */
const script = `
while read -r name port path; do
  (
    exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 0
    [ -n "$path" ] || { echo "$name 0"; exit 0; }
    printf 'GET %s HTTP/1.1\\r\\nHost: kawanan.check\\r\\nUser-Agent: kawanan-check\\r\\nConnection: close\\r\\n\\r\\n' "$path" >&3
    read -r -t 5 _ status _ <&3 && echo "$name $status"
  ) 2>/dev/null &
done
wait
exit 0
`;

/** What each frontend answers right now, the engine's own health page included. */
export async function probeFrontends(host: Host, model: BalancerModel): Promise<FrontendAnswers> {
  const frontends = listProbed(model);
  const { stdout } = await host.run({
    program: 'bash',
    args: ['-c', script],
    title: 'asking the frontends',
    stdin: frontends.map(({ name, port, path = '' }) => `${name} ${port} ${path}\n`).join(''),
    timeoutMs: 20_000,
  });
  return readAnswers(stdout);
}

function listProbed({ frontends }: BalancerModel): ProbedFrontend[] {
  return [
    { name: 'kawanan', port: statisticsPort, path: '/health' },
    ...frontends.map((frontend) => ({
      name: frontend.name,
      port: frontend.listen,
      ...(isSpoken(frontend) && { path: '/' }),
    })),
  ];
}

/** Whether a request for `/` tells how a frontend is: it hears plain HTTP and isn't told to send everybody a page. */
export function isSpoken({ mode, tls, maintenance }: FrontendModel): boolean {
  return mode === 'http' && tls === undefined && maintenance === undefined;
}

/** Reads the script's lines: `name status`. */
export function readAnswers(output: string): FrontendAnswers {
  const lines = output.split('\n').map((line) => /^(\S+) (\d{1,3})$/.exec(line.trim()));
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1]!, Number(match[2])]] : [])));
}

/** The frontends that served before and don't now, in words; those that didn't serve before can't have become worse. */
export function listWorse(before: FrontendAnswers, after: FrontendAnswers): string[] {
  return Object.entries(before).flatMap(([name, status]) => {
    const now = after[name];
    if (status >= 500 || (now !== undefined && now < 500)) return [];
    const was = status === 0 ? 'took connections' : `answered ${status}`;
    return [`${name} ${was} before and ${now === undefined ? 'answers nothing' : `answers ${now}`} now`];
  });
}
