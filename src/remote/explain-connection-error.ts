/** Turns what the network and ssh2 throw into words. Pure. */
import { ConnectionError, type ConnectionFailure } from './remote-errors.ts';
import type { SshTarget } from './ssh-target.ts';

interface LowLevelError {
  code?: string | number;
  level?: string;
  message: string;
}

/** What was going on when it failed. */
export interface Attempt {
  /** Names of the keys and agents that were offered. */
  tried: string[];
  /** Keys that were there but couldn't be offered, with the reason. */
  unusable: string[];
  /** Whether the connection was up and in use before. */
  established: boolean;
}

/** The error for a person, with the next step. */
export function explainConnectionError(error: unknown, target: SshTarget, attempt: Attempt): ConnectionError {
  if (error instanceof ConnectionError) return error;
  const low = error as LowLevelError;
  const where = `${target.host} port ${target.port}`;
  const through = target.jump ? ` through ${target.jump.label}` : '';
  const make = (
    failure: ConnectionFailure,
    message: string,
    next: string,
    details: string[] = [],
  ): ConnectionError => new ConnectionError(target.label, failure, message, { next, details, cause: error });

  if (attempt.established) {
    return low.level === 'client-timeout'
      ? make(
          'lost',
          `${target.host} no longer answers`,
          'see whether the machine is up, then run the same command again',
        )
      : make(
          'lost',
          `the connection to ${target.host} was lost`,
          'run the same command again: it goes on where it stopped',
          [low.message],
        );
  }
  if (low.level === 'client-authentication' || /too many authentication/i.test(low.message))
    return explainRefusedUser(target, attempt, make);
  switch (low.code) {
    case 'ECONNREFUSED':
      return make(
        'refused',
        `${where} refuses the connection${through}`,
        'see whether sshd runs there, and on this port: systemctl status ssh',
      );
    case 'ETIMEDOUT':
    case 'KAWANAN_TIMEOUT':
      return make(
        'timeout',
        `no answer from ${where}${through}: ${low.message}`,
        'see whether the machine is up, its address is right and no firewall is between',
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return make(
        'unreachable',
        `there is no way to ${target.host} from here${through}`,
        `see whether the machine is up and in a network that this computer reaches: ping ${target.host}`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return make(
        'unresolved',
        `the name ${target.host} has no address`,
        'write the address itself, or look at HostName in ~/.ssh/config',
      );
    case 'ECONNRESET':
    case 'EPIPE':
      return make(
        'handshake',
        `${where} hung up before anything was said`,
        'sshd may be overloaded or refuse this address: look at journalctl -u ssh there',
      );
  }
  if (/no matching/i.test(low.message)) {
    return make(
      'handshake',
      `${where} and kawanan share no way to encrypt: ${low.message}`,
      'look at Ciphers, KexAlgorithms and HostKeyAlgorithms in the sshd_config there',
    );
  }
  if (/before handshake|not.*SSH|protocol/i.test(low.message)) {
    return make(
      'handshake',
      `what listens on ${where} does not speak SSH, or hung up`,
      'look at ssh.port of the cluster file and at journalctl -u ssh there',
      [low.message],
    );
  }
  return make(
    'handshake',
    `no SSH connection to ${where}: ${low.message}`,
    `try it by hand: ssh -v -p ${target.port} ${target.user}@${target.host}`,
  );
}

function explainRefusedUser(
  target: SshTarget,
  attempt: Attempt,
  make: (failure: ConnectionFailure, message: string, next: string, details: string[]) => ConnectionError,
): ConnectionError {
  const details = [
    attempt.tried.length > 0
      ? `tried: ${attempt.tried.join(', ')}`
      : 'nothing to try: no key file and no agent',
    ...attempt.unusable.map((one) => `left out: ${one}`),
  ];
  const key = target.keys.find(({ named }) => named)?.path;
  const next =
    attempt.tried.length > 0
      ? `put your public key there: ssh-copy-id ${key === undefined ? '' : `-i ${key} `}${target.port === 22 ? '' : `-p ${target.port} `}${target.user}@${target.host}`
      : 'name a key in ssh.key of the cluster file, or make one: ssh-keygen -t ed25519';
  return make('authentication', `${target.host} does not let ${target.user} in`, next, details);
}
