/** The lock in the swarm: a config whose labels tell who holds it. */
import type Docker from 'dockerode';
import { UserError } from '../errors.ts';
import { inBody, readEngineMessage, readStatusCode } from '../remote/engine-call.ts';
import { type FoundLock, type LockHolder, lockName, readLockHolder, writeLockLabels } from './lock-record.ts';

/** Where a cluster's lock is kept; what is tested stands on this, what is real on the Engine API. */
export interface LockStore {
  read(): Promise<FoundLock | undefined>;
  /** `false` where there is one already. */
  create(holder: LockHolder): Promise<boolean>;
  /** Writes holder and sign of life; `false` where the lock has changed or gone since it was read. */
  replace(lock: Pick<FoundLock, 'id' | 'version'>, holder: LockHolder, sign: number): Promise<boolean>;
  /** No error where it is gone. */
  remove(id: string): Promise<void>;
}

interface RawConfig {
  ID: string;
  Version: { Index: number };
  UpdatedAt: string;
  Spec: { Name: string; Labels?: Record<string, string> | null; Data?: string };
}

/** The lock of the swarm behind a manager's engine. */
export function createLockStore(engine: Docker): LockStore {
  return {
    read: () =>
      calling('read', async () => {
        const filters = JSON.stringify({ name: [lockName] });
        const [configs, info] = (await Promise.all([engine.listConfigs({ filters }), engine.info()])) as [
          unknown,
          { SystemTime?: string },
        ];
        // The filter lets names through that only begin like it.
        const config = ((configs ?? []) as RawConfig[]).find(({ Spec }) => Spec.Name === lockName);
        if (!config) return undefined;
        const silentMs = Date.parse(info.SystemTime ?? '') - Date.parse(config.UpdatedAt);
        return {
          id: config.ID,
          version: config.Version.Index,
          holder: readLockHolder(config.Spec.Labels ?? {}),
          silentMs: Number.isFinite(silentMs) ? Math.max(0, silentMs) : 0,
        };
      }),
    create: (holder) =>
      calling('take', () =>
        unlessRefused([409], () =>
          engine.createConfig(
            inBody({
              Name: lockName,
              Labels: writeLockLabels(holder, 0),
              Data: Buffer.from('held by kawanan, see the labels\n').toString('base64'),
            }),
          ),
        ),
      ),
    replace: (lock, holder, sign) =>
      calling('keep', async () => {
        const config = engine.getConfig(lock.id);
        try {
          const { Spec } = (await config.inspect()) as unknown as RawConfig;
          const body = { ...Spec, Labels: writeLockLabels(holder, sign) };
          await config.update({ _query: { version: lock.version }, _body: body } as never);
          return true;
        } catch (error) {
          if (readStatusCode(error) === 404 || /out of sequence/i.test(readEngineMessage(error)))
            return false;
          throw error;
        }
      }),
    remove: (id) =>
      calling(
        'give back',
        async () => void (await unlessRefused([404], () => engine.getConfig(id).remove())),
      ),
  };
}

async function unlessRefused(codes: number[], call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (codes.includes(readStatusCode(error) ?? 0)) return false;
    throw error;
  }
}

async function calling<Result>(verb: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`can't ${verb} the lock of the cluster`, {
      details: [readEngineMessage(error)],
      next: 'run the same command again; if this stays: kawanan doctor',
      cause: error,
    });
  }
}
