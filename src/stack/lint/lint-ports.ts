/** Lints of what a service publishes. Pure. */
import type { ServiceDefinition } from '../definition.ts';
import type { PortConfig, ServiceSpec } from '../engine-types.ts';
import type { Lint } from './lint.ts';

/** Ports of the mesh: the client's address is lost, and least-connection counts nodes. */
export function lintIngress({ key, spec }: ServiceDefinition): Lint[] {
  const ports = (spec.EndpointSpec?.Ports ?? []).filter(
    (port) => port.PublishedPort && port.PublishMode !== 'host',
  );
  if (ports.length === 0) return [];
  const numbers = ports.map((port) => port.PublishedPort).join(', ');
  return [
    {
      code: 'ingress-port',
      path: ['services', key, 'ports'],
      message: `port ${numbers} goes through the ingress mesh`,
      why: "one hop more, the client's address is lost, and a balancer's least-connection counts nodes instead of tasks",
      next: 'publish it with mode: host (target, published, mode)',
    },
  ];
}

/** A port that is published leads to another one than the program is told to listen on. */
export function lintListening({ key, spec }: ServiceDefinition): Lint[] {
  const { ofCommand, listened } = readListened(spec);
  const ports = listTcpPorts(spec);
  return ports.flatMap(({ PublishedPort, TargetPort }) => {
    if (!PublishedPort || listened.has(TargetPort)) return [];
    // One port told, one published: that is the one. With more of each only the same number tells.
    const meant = listened.has(PublishedPort)
      ? PublishedPort
      : ports.length === 1 && listened.size === 1
        ? [...listened][0]!
        : undefined;
    if (meant === undefined) return [];
    const where = ofCommand.has(meant) ? 'the command listens' : 'its environment says that it listens';
    return [describeUnheard(key, PublishedPort, TargetPort, `${where} on ${meant}`, [meant])];
  });
}

/**
 * A port that is published leads to one that neither the image exposes nor anything in the service names.
 *
 * @param exposed TCP ports of the image's EXPOSE; nothing is found where it has none.
 */
export function lintExposed(service: ServiceDefinition, exposed: number[]): Lint[] {
  const { key, spec } = service;
  // What the service itself tells is the better word.
  if (exposed.length === 0 || lintListening(service).length > 0) return [];
  const { listened } = readListened(spec);
  return listTcpPorts(spec).flatMap(({ PublishedPort, TargetPort }) => {
    if (!PublishedPort || listened.has(TargetPort) || exposed.includes(TargetPort)) return [];
    const where = `its image says that it listens on ${exposed.join(', ')} (EXPOSE)`;
    return [describeUnheard(key, PublishedPort, TargetPort, where, exposed)];
  });
}

function describeUnheard(
  key: string,
  published: number,
  target: number,
  where: string,
  listened: number[],
): Lint {
  return {
    code: 'published-port-unheard',
    path: ['services', key, 'ports'],
    message: `port ${published} leads to port ${target} of the container, but ${where}`,
    why: 'connections are refused, or reach another program',
    next: `publish ${listened.map((port) => `${published}:${port}`).join(' or ')}`,
  };
}

function listTcpPorts(spec: ServiceSpec): PortConfig[] {
  return (spec.EndpointSpec?.Ports ?? []).filter(({ Protocol }) => (Protocol || 'tcp') === 'tcp');
}

/** Ports that the service itself names as listened on. */
function readListened(spec: ServiceSpec): { ofCommand: Set<number>; listened: Set<number> } {
  const { Command = [], Args = [], Env = [] } = spec.TaskTemplate.ContainerSpec;
  const ofCommand = readCommandPorts([...Command, ...Args]);
  return { ofCommand, listened: new Set([...ofCommand, ...readVariablePorts(Env)]) };
}

const address = /^(?:--?[\w.-]+=)?(?:tcp:\/\/)?(?:0\.0\.0\.0|\[::\]|\*)?:(\d{1,5})$/;
const portOption = /^--?(?:[\w-]+-)?(?:port|listen|bind)=(\d{1,5})$/i;
const bareOption = /^(?:-p|--?(?:[\w-]+-)?port)$/i;

/** Ports that words of a command name as listened on: `:9003`, `--port 80`, `--bind=0.0.0.0:80`. */
function readCommandPorts(words: string[]): Set<number> {
  const all = words.flatMap((word) => (/\s/.test(word) ? word.split(/\s+/) : [word]));
  return new Set(
    all.flatMap((word, index) => {
      const match = address.exec(unquote(word)) ?? portOption.exec(word);
      if (match) return [Number(match[1])];
      return bareOption.test(all[index - 1] ?? '') && /^\d{1,5}$/.test(word) ? [Number(word)] : [];
    }),
  );
}

const ownPort = /^(?:PORT|HTTP_PORT|SERVER_PORT|LISTEN_PORT|APP_PORT|LISTEN(?:_ADDR(?:ESS)?)?)$/i;

/** Ports that variables name as the program's own; `MYSQL_PORT` may be another's. */
function readVariablePorts(variables: string[]): Set<number> {
  return new Set(
    variables.flatMap((line) => {
      const at = line.indexOf('=');
      const match = ownPort.test(line.slice(0, at))
        ? /^(?:[^:]*:)?(\d{1,5})$/.exec(line.slice(at + 1))
        : null;
      return match ? [Number(match[1])] : [];
    }),
  );
}

function unquote(word: string): string {
  return word.replace(/^(["'])(.*)\1$/, '$2');
}
