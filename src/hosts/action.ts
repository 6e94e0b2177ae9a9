import type { Change, FieldChange } from '../plan/change.ts';

/** What the hosts layer can do to a host, as plain data. `host` is the node's name in the cluster file. */
export type HostsAction = { host: string } & (
  | { type: 'write-baseline' }
  | { type: 'repair-packages' }
  | { type: 'write-sysctl'; content: string; settings: Record<string, string> }
  /** With `restartEngine` the engine is stopped around it: it reads the name only when it starts. */
  | { type: 'set-hostname'; hostname: string; restartEngine: boolean }
  | { type: 'write-hosts-file'; block: string }
  | { type: 'write-engine-drop-in'; content: string; restartEngine: boolean }
  | { type: 'install-packages'; packages: string[]; engine: boolean }
  | { type: 'start-engine' }
  | RemovalAction
);

type RemovalAction =
  /** Takes away what our installs brought; `purge` are those of which nothing at all was there before. */
  | { type: 'remove-packages'; packages: string[]; purge: string[]; engine: boolean }
  /** From the baseline on the host, whose contents never travel through a plan. */
  | { type: 'restore-files'; paths: string[]; restartServices: string[] }
  | { type: 'restore-hostname'; restartEngine: boolean }
  | { type: 'restore-sysctl'; settings: Record<string, string> }
  | { type: 'restore-services'; services: { unit: string; enabled: boolean; active: boolean }[] }
  | { type: 'delete-data'; folders: string[] }
  | { type: 'forget-host'; keepOwnFolder: boolean };

export type HostsChange = Change<HostsAction>;

type Draft = Pick<HostsChange, 'kind' | 'title' | 'action'> &
  Partial<Pick<HostsChange, 'fields' | 'interrupts' | 'undo'>> & {
    /** Of the object; its type unless told. */
    name?: string;
  };

/** A change of one aspect of a host; `type` names the aspect and, with the host, the change. */
export function makeHostChange(host: string, type: string, { name = type, ...draft }: Draft): HostsChange {
  return {
    id: `${host}/${type}`,
    layer: 'hosts',
    object: { type, name, host },
    fields: [],
    after: [],
    ...draft,
  };
}

/** Text of a field that is a whole file: contents are long and may be the user's, so only their state is shown. */
export function describeFile(path: string, before: boolean): FieldChange {
  return before ? { path, before: 'other content', after: 'as wanted' } : { path, after: 'written' };
}
