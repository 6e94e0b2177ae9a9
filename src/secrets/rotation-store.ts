/** The records of rotations in the swarm: one config a secret, whose labels tell all. */
import type Docker from 'dockerode';
import { inBody } from '../remote/engine-call.ts';
import {
  nameRotationConfig,
  type RotationRecord,
  readRotationLabels,
  rotationLabel,
  type StoredRotation,
  writeRotationLabels,
} from './rotation-record.ts';
import { calling, unlessGone, unlessTaken } from './swarm-calls.ts';

/** What is tested stands on this, what is real on the Engine API. */
export interface RotationStore {
  list(): Promise<StoredRotation[]>;
  /** `false` where the secret has one already. */
  create(record: RotationRecord): Promise<boolean>;
  update(record: StoredRotation): Promise<void>;
  /** No error where it is gone. */
  remove(configId: string): Promise<void>;
}

interface RawConfig {
  ID: string;
  Version: { Index: number };
  Spec: { Name: string; Labels?: Record<string, string> | null; Data?: string };
}

/** The records of the swarm behind a manager's engine. */
export function createRotationStore(docker: Docker): RotationStore {
  return {
    list: () =>
      calling("the rotations of the swarm can't be read", async () => {
        const filters = JSON.stringify({ label: [rotationLabel] });
        const configs = ((await docker.listConfigs({ filters })) ?? []) as unknown as RawConfig[];
        return configs.flatMap(({ ID, Spec }) => {
          const record = readRotationLabels(Spec.Labels ?? {});
          return record ? [{ ...record, configId: ID }] : [];
        });
      }),
    create: (record) =>
      calling(`the rotation of ${record.secret} can't be recorded`, () =>
        unlessTaken(() =>
          docker.createConfig(
            inBody({
              Name: nameRotationConfig(record.secret),
              Labels: writeRotationLabels(record),
              Data: Buffer.from('a rotation under way, see the labels\n').toString('base64'),
            }),
          ),
        ),
      ),
    update: (record) =>
      calling(`the rotation of ${record.secret} can't be recorded`, async () => {
        const config = docker.getConfig(record.configId);
        const { Spec, Version } = (await config.inspect()) as unknown as RawConfig;
        const body = { ...Spec, Labels: writeRotationLabels(record) };
        await config.update({ _query: { version: Version.Index }, _body: body } as never);
      }),
    remove: (configId) =>
      calling("the record of a rotation can't be removed", () =>
        unlessGone(() => docker.getConfig(configId).remove()),
      ),
  };
}
