import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { Command, CommandResult } from './command.ts';

export interface WriteFileOptions {
  /** e.g. `0o600`; `0o644` unless told. */
  mode?: number;
  /** `user:group`; `root:root` unless told. */
  owner?: string;
  /** Run with the path of the new file before it takes the old one's place; a failure leaves the old one. */
  check?: (newPath: string) => Command;
}

/** A machine of the cluster, over the one SSH connection of this run. */
export interface Host {
  /** Name in the cluster file. */
  readonly name: string;
  readonly address: string;
  /** The SSH user. */
  readonly user: string;

  /** Runs a command; throws `CommandError` (host, command, exit code, last lines of stderr) unless its exit code is accepted. */
  run(command: Command): Promise<CommandResult>;

  /** A file's content as text, read as root; `undefined` where there is none. */
  readFile(path: string): Promise<string | undefined>;

  /** Writes a whole file as root: a new one beside it, checked, synced, then swapped in. Makes missing parent folders. */
  writeFile(path: string, content: string | Uint8Array, options?: WriteFileOptions): Promise<void>;

  /** Removes a file as root; no error where there is none. */
  removeFile(path: string): Promise<void>;

  /** The Engine API of this host, through a forwarded stream to its socket. */
  engine(): Docker;

  /** A stream to a unix socket of this host, opened as root (HAProxy's Runtime API). */
  openSocket(path: string): Promise<Duplex>;
}

/** The hosts of a cluster; one SSH connection each, opened on first use. */
export interface Hosts {
  /** Connects on first use. Throws a `ConnectionError` that says what is wrong and what to do next. */
  connect(nodeName: string): Promise<Host>;
  /** Ends every connection. */
  close(): Promise<void>;
}
