/** The little of a swarm that secrets need; what is tested stands on this, what is real on the Engine API. */
import type Docker from 'dockerode';
import { inBody } from '../remote/engine-call.ts';
import { stackNamespaceLabel } from '../stack/engine-types.ts';
import { fingerprintKeyName, type ObservedSecret } from './observed.ts';
import { createRotationStore, type RotationStore } from './rotation-store.ts';
import { SecretValue } from './secret-value.ts';
import { calling, unlessGone, unlessTaken } from './swarm-calls.ts';

export interface SwarmSecrets {
  list(): Promise<ObservedSecret[]>;
  /** Names of the stacks that have services. */
  listStacks(): Promise<string[]>;
  /** `false` where the name is taken. */
  create(name: string, labels: Record<string, string>, value: SecretValue): Promise<boolean>;
  /** No error where there is none. */
  remove(id: string): Promise<void>;
  readKey(): Promise<{ id: string; key: SecretValue } | undefined>;
  /** `false` where somebody else made one meanwhile. */
  createKey(labels: Record<string, string>, key: SecretValue): Promise<boolean>;
  removeConfig(id: string): Promise<void>;
  rotations: RotationStore;
}

interface TaskTemplate {
  ContainerSpec?: { Secrets?: { SecretID?: string; SecretName?: string }[] };
}
interface RawService {
  Spec?: { Name?: string; Labels?: Record<string, string>; TaskTemplate?: TaskTemplate };
  PreviousSpec?: { TaskTemplate?: TaskTemplate };
}
interface RawTask {
  DesiredState?: string;
  Status?: { State?: string };
  Spec?: TaskTemplate;
}

/** The secrets of a swarm behind one of its managers. */
export function createSwarmSecrets(docker: Docker): SwarmSecrets {
  return {
    rotations: createRotationStore(docker),
    list: () =>
      calling("the secrets of the swarm can't be read", async () => {
        const [secrets, services, tasks] = await Promise.all([
          docker.listSecrets(),
          docker.listServices() as Promise<unknown> as Promise<RawService[]>,
          docker.listTasks() as Promise<RawTask[]>,
        ]);
        const running = new Set(tasks.filter(isAlive).flatMap((task) => listIds(task.Spec)));
        return secrets.map((secret) => ({
          id: secret.ID,
          name: secret.Spec?.Name ?? '',
          labels: (secret.Spec?.Labels ?? {}) as Record<string, string>,
          ...(secret.CreatedAt !== undefined && { createdAt: String(secret.CreatedAt) }),
          services: services
            .filter(({ Spec, PreviousSpec }) =>
              [...listIds(Spec?.TaskTemplate), ...listIds(PreviousSpec?.TaskTemplate)].includes(secret.ID),
            )
            .map(({ Spec }) => {
              const stack = Spec?.Labels?.[stackNamespaceLabel];
              return { name: Spec?.Name ?? '', ...(stack !== undefined && { stack }) };
            }),
          inRunningTask: running.has(secret.ID),
        }));
      }),
    listStacks: () =>
      calling("the services of the swarm can't be read", async () => {
        const services = (await docker.listServices()) as unknown as RawService[];
        return [...new Set(services.flatMap(({ Spec }) => Spec?.Labels?.[stackNamespaceLabel] ?? []))];
      }),
    create: (name, labels, value) =>
      calling(`the secret ${name} can't be created`, () =>
        unlessTaken(() =>
          docker.createSecret(
            inBody({ Name: name, Labels: labels, Data: value.reveal().toString('base64') }),
          ),
        ),
      ),
    remove: (id) =>
      calling("a secret can't be removed", () => unlessGone(() => docker.getSecret(id).remove())),
    readKey: () =>
      calling("the key of fingerprints can't be read", async () => {
        const configs = (await docker.listConfigs({
          filters: JSON.stringify({ name: [fingerprintKeyName] }),
        })) as { ID: string; Spec?: { Name?: string; Data?: string } }[];
        // the filter also lets names through that only begin like it
        const config = configs.find((one) => one.Spec?.Name === fingerprintKeyName);
        const data = config?.Spec?.Data;
        return config && data
          ? { id: config.ID, key: new SecretValue(Buffer.from(data, 'base64')) }
          : undefined;
      }),
    createKey: (labels, key) =>
      calling("the key of fingerprints can't be created", () =>
        unlessTaken(() =>
          docker.createConfig(
            inBody({ Name: fingerprintKeyName, Labels: labels, Data: key.reveal().toString('base64') }),
          ),
        ),
      ),
    removeConfig: (id) =>
      calling("the key of fingerprints can't be removed", () =>
        unlessGone(() => docker.getConfig(id).remove()),
      ),
  };
}

function listIds(template: TaskTemplate | undefined): string[] {
  return (template?.ContainerSpec?.Secrets ?? []).flatMap((secret) => secret.SecretID ?? []);
}

const ended = ['complete', 'failed', 'shutdown', 'rejected', 'orphaned', 'remove'];

function isAlive(task: RawTask): boolean {
  return !ended.includes(task.Status?.State ?? '');
}
