/** Runs programs in tasks of a stack's services, whichever node they are on, with text in and out. */
import { Readable, Writable } from 'node:stream';
import { UserError } from '../errors.ts';
import type { Hosts } from '../remote/host.ts';
import type { TaskAnswer, TaskCommand } from '../rotation/strategy.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import { type ChosenTask, chooseTask } from '../stack/choose-task.ts';
import { execInContainer } from '../stack/exec-in-container.ts';
import type { Snapshot } from '../stack/snapshots.ts';

export interface TaskRunner {
  stackName: string;
  hosts: Hosts;
  /** Services, tasks and nodes as they are now. */
  read(): Promise<Snapshot>;
  signal: AbortSignal;
}

const defaultTimeoutMs = 60_000;
const longestAnswer = 4 * 1024 * 1024;

/** @throws UserError when no task of the service runs, the program can't be started, or takes too long. */
export async function runInTask(runner: TaskRunner, command: TaskCommand): Promise<TaskAnswer> {
  const task = chooseTask(runner.stackName, command.service, await runner.read());
  return runIn(runner, task, command);
}

async function runIn(
  { hosts, signal }: TaskRunner,
  task: ChosenTask,
  command: Omit<TaskCommand, 'service'>,
): Promise<TaskAnswer> {
  const engine = (await hosts.connect(task.node)).engine();
  const { timeoutMs = defaultTimeoutMs, user } = command;
  const deadline = AbortSignal.timeout(timeoutMs);
  const [stdout, stderr] = [collectText(), collectText()];
  const exitCode = await execInContainer(
    engine,
    task.containerId,
    command.command,
    { stdin: Readable.from([Buffer.from(command.stdin)]), stdout: stdout.stream, stderr: stderr.stream },
    { signal: AbortSignal.any([signal, deadline]), ...(user !== undefined && { user }) },
  );
  const name = `${task.name} on ${task.node}`;
  if (deadline.aborted)
    throw new UserError(`${command.command[0]} in ${name} took longer than ${timeoutMs / 1000} s`, {
      next: 'see what holds it up there (kawanan exec, kawanan logs), then run the same command again',
    });
  return { exitCode, stdout: stdout.read(), stderr: stderr.read(), task: name };
}

/** The value of a version of a secret, read in a running task that mounts it; `undefined` where there is none. */
export async function readSecretInTask(
  runner: TaskRunner,
  objectName: string,
): Promise<SecretValue | undefined> {
  const snapshot = await runner.read();
  for (const task of snapshot.tasks) {
    const mounted = (task.Spec.ContainerSpec.Secrets ?? []).find(
      ({ SecretName }) => SecretName === objectName,
    );
    const node = snapshot.nodes.find(({ id, ready }) => id === task.NodeID && ready);
    const containerId = task.Status.ContainerStatus?.ContainerID;
    if (!mounted?.File || task.Status.State !== 'running' || !node || !containerId) continue;
    const path = mounted.File.Name.startsWith('/') ? mounted.File.Name : `/run/secrets/${mounted.File.Name}`;
    try {
      const chosen = { name: objectName, node: node.hostname, containerId };
      // base64 keeps bytes that are no text
      const { exitCode, stdout } = await runIn(runner, chosen, {
        command: ['base64', path],
        stdin: '',
        user: '0',
      });
      if (exitCode === 0) return new SecretValue(Buffer.from(stdout, 'base64'));
    } catch (error) {
      // an image without such a program; another task may have it
      if (!(error instanceof UserError)) throw error;
    }
  }
  return undefined;
}

function collectText(): { stream: Writable; read: () => string } {
  const chunks: Buffer[] = [];
  let length = 0;
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (length < longestAnswer) chunks.push(chunk);
      length += chunk.length;
      done();
    },
  });
  return { stream, read: () => Buffer.concat(chunks).toString('utf8') };
}
