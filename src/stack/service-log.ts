/** The log of a service: all its tasks, each line with the task and node it is from. */
import type Docker from 'dockerode';
import { nameTask } from './describe-failure.ts';
import { findServiceByName } from './find-service.ts';
import { parseServiceLogLine, type ServiceLogLine } from './log-frames.ts';
import { type LogOptions, readLog } from './read-logs.ts';
import { createSnapshotSource } from './snapshots.ts';

export interface SourcedLogLine {
  /** `stk_web.2@vm-worker1`. */
  source: string;
  stream: 'stdout' | 'stderr';
  /** As the engine wrote it. */
  timestamp: string;
  /** As the task wrote it: control characters included. */
  text: string;
}

/**
 * Lines of all tasks of a service, in the order of their times; when followed, in the order they come.
 *
 * @throws UserError when the stack has no such service.
 */
export async function* followServiceLog(
  engine: Docker,
  stackName: string,
  serviceName: string,
  options: Pick<LogOptions, 'tail' | 'since' | 'follow' | 'signal'>,
): AsyncGenerator<SourcedLogLine> {
  const snapshots = createSnapshotSource(engine, stackName);
  let snapshot = await snapshots.read(0);
  const service = findServiceByName(serviceName, snapshot.services, stackName);
  const { Name, TaskTemplate } = service.Spec;
  const sources = new Map<string, string>();

  const findSource = async (line: ServiceLogLine): Promise<string> => {
    if (!sources.has(line.taskId)) {
      // A task that started after we looked; one that is gone by now keeps its number for a name.
      if (!snapshot.tasks.some((task) => task.ID === line.taskId))
        snapshot = await snapshots.read(performance.now());
      const task = snapshot.tasks.find((candidate) => candidate.ID === line.taskId);
      const node = snapshot.nodes.find((candidate) => candidate.id === line.nodeId);
      const name = task ? nameTask(task, Name, snapshot.nodes) : `${Name}.${line.taskId.slice(0, 12)}`;
      sources.set(line.taskId, `${name}@${node?.hostname ?? line.nodeId}`);
    }
    return sources.get(line.taskId)!;
  };

  const target = { type: 'services' as const, id: service.ID, tty: TaskTemplate.ContainerSpec.TTY ?? false };
  const raw = readLog(engine, target, { ...options, timestamps: true, details: true });
  const past: SourcedLogLine[] = [];
  for await (const one of raw) {
    const line = parseServiceLogLine(one);
    const { stream, timestamp, text } = line;
    const sourced = { source: await findSource(line), stream, timestamp, text };
    if (options.follow) yield sourced;
    else past.push(sourced);
  }
  yield* past.sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
}
