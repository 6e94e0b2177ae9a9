/** Asks the Prometheus of a cluster, in its own container: it publishes no port, and the password stays where it is. */
import { UserError } from '../errors.ts';
import { parseAnswer } from '../monitoring/answers.ts';
import { runInTask, type TaskRunner } from './run-in-task.ts';

const prometheusPort = 9090;

/**
 * The data of one answer of its HTTP API. A form, such as `query=up`, is posted.
 *
 * @throws UserError where it doesn't run or refuses.
 */
export async function askPrometheus(runner: TaskRunner, path: string, form = ''): Promise<unknown> {
  const command = { service: 'prometheus', command: ['ask', String(prometheusPort), path], stdin: form };
  const { exitCode, stdout, stderr } = await runInTask(runner, command).catch((cause: unknown) => {
    // a lost connection and Ctrl-C are told as what they are
    throw cause instanceof UserError && cause.name === 'UserError' ? refuse(cause.message, cause) : cause;
  });
  if (exitCode === 2 || (exitCode !== 0 && stdout === ''))
    throw refuse(stderr.trim() || 'it may be starting');
  return parseAnswer(stdout);
}

function refuse(why: string, cause?: UserError): UserError {
  return new UserError(`Prometheus does not answer: ${why}`, {
    next: '`kawanan monitor up` mends what is missing; `docker service logs monitoring_prometheus` on a manager tells more',
    cause,
  });
}
