/** What the stack layer tells itself to do: names and ids only, never a value. */
import type { PinnedObjects } from './definition.ts';
import type { ServiceSpec } from './engine-types.ts';
import type { PinnedImage } from './image-digests.ts';

/** The object behind each name that services refer to: `mysql_password` → `mysql_password.v2`. */
export interface ObjectNames {
  secrets: Record<string, string>;
  configs: Record<string, string>;
  /** Images that a registry told the digest of: `nginx:1.27` → `nginx:1.27@sha256:…`. */
  images?: Record<string, PinnedImage>;
  /** Secrets whose second key, of a rotation under way, is mounted beside them as `<file>.accepted`. */
  accepted?: Record<string, string>;
}

export type StackAction =
  | { do: 'create-network'; network: string }
  /** Removes the services that use it first; they are made anew by their own changes. */
  | { do: 'replace-network'; network: string; id: string; serviceIds: string[] }
  | { do: 'create-config'; config: string; objectName: string }
  | { do: 'create-secret'; secret: string; objectName: string }
  | { do: 'update-labels'; type: 'config' | 'secret'; key: string; id: string }
  | { do: 'create-service'; service: string; names: ObjectNames }
  /** `version` is the service's version index when it was observed. */
  | { do: 'update-service'; service: string; id: string; version: number; names: ObjectNames }
  /** For what the engine won't change in place; the old one is gone already when its network was replaced. */
  | { do: 'replace-service'; service: string; id: string; names: ObjectNames }
  /** To the spec, or to that of the compose file: made beside the one that serves, which it then takes over from. */
  | { do: 'turn-over'; service: string; names: ObjectNames; spec?: ServiceSpec }
  /** The spec is as wanted, the tasks aren't yet. `again` starts them anew, `resume` takes up a paused update. */
  | { do: 'converge-service'; service: string; id: string; how: 'wait' | 'resume' | 'again' }
  | { do: 'remove-service' | 'remove-network' | 'remove-config' | 'remove-secret'; id: string; name: string }
  /**
   * Back to a former spec, the one thing an action holds in full: the compose file doesn't have it. Objects in it go
   * by name. `anew`: removed and made again, for its mode is another. Made again too where there is no `id`.
   */
  | {
      do: 'restore-service';
      id?: string;
      anew: boolean;
      newPorts: boolean;
      spec: ServiceSpec;
      /** Wait until it is well again. */
      verify: boolean;
    }
  /** `fragments` of a revision that was never whole go first, `expired` ones last; both are ids of configs. */
  | {
      do: 'record-revision';
      number: number;
      pinned: PinnedObjects;
      fragments: string[];
      expired: string[];
    }
  /** Ids of configs. */
  | { do: 'remove-revisions'; ids: string[] }
  | { do: 'remove-volumes'; node: string; volumes: string[] };
