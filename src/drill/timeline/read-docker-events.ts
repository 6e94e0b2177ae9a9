import { swarmNodes } from '../../cluster/cluster.ts';
import { UserError } from '../../errors.ts';
import { type Stage, withHosts } from '../stage.ts';
import type { TimelineEvent } from './event.ts';

interface EngineEvent {
  Type: string;
  Action: string;
  Actor: { Attributes?: Record<string, string> };
  timeNano: number;
}

const told = new Set([
  'container start',
  'container die',
  'container kill',
  'container oom',
  'node update',
  'service update',
]);

/** Containers that started or died and nodes that changed, as each engine that answers says. */
export async function readDockerEvents(
  stage: Pick<Stage, 'cluster'>,
  originMs: number,
  endMs: number,
): Promise<TimelineEvent[]> {
  return withHosts(stage, async (hosts) => {
    const read = await Promise.all(
      swarmNodes(stage.cluster).map(async ({ name }) => {
        try {
          const engine = (await hosts.connect(name)).engine();
          const stream = await engine.getEvents({
            since: Math.floor(originMs / 1000),
            until: Math.ceil(endMs / 1000),
          });
          let text = '';
          for await (const chunk of stream) text += String(chunk);
          return parseEvents(text, name, originMs);
        } catch (error) {
          if (error instanceof UserError) return [];
          throw error;
        }
      }),
    );
    return read.flat();
  });
}

/** The lines of the engine's event stream that a person wants to see. Source: Engine API, SystemEvents. */
export function parseEvents(text: string, host: string, originMs: number): TimelineEvent[] {
  return text.split('\n').flatMap((line): TimelineEvent[] => {
    if (line.trim() === '') return [];
    const event = JSON.parse(line) as EngineEvent;
    const what = `${event.Type} ${event.Action}`;
    if (!told.has(what)) return [];
    const { name = '', signal, exitCode } = event.Actor.Attributes ?? {};
    // Without the random part of a task's name: stack_web.2.
    const short = name.replace(/^(.+\.[0-9]+|.+\.[a-z0-9]{25})\.[a-z0-9]{25}$/, '$1');
    const detail = [signal && `signal ${signal}`, exitCode && `exit code ${exitCode}`]
      .filter(Boolean)
      .join(', ');
    return [
      {
        atMs: event.timeNano / 1e6 - originMs,
        kind: 'docker',
        host,
        text: `${what} ${short}${detail === '' ? '' : ` (${detail})`}`,
      },
    ];
  });
}
