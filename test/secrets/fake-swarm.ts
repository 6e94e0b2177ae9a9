/** The secrets of a swarm, in memory. */
import { type ObservedSecret, secretLabels } from '../../src/secrets/observed.ts';
import type { StoredRotation } from '../../src/secrets/rotation-record.ts';
import type { SecretValue } from '../../src/secrets/secret-value.ts';
import type { SwarmSecrets } from '../../src/secrets/swarm-secrets.ts';

export interface FakeSwarm extends SwarmSecrets {
  secrets: (ObservedSecret & { value: string })[];
  key?: SecretValue;
  records: StoredRotation[];
  /** As `docker secret create` does it. */
  addByHand(name: string, value: string): void;
  /** Makes services use these secrets and no others. */
  use(...names: string[]): void;
}

export function createFakeSwarm(): FakeSwarm {
  let nextId = 1;
  const add = (name: string, labels: Record<string, string>, value: string): void => {
    swarm.secrets.push({ id: `id${nextId++}`, name, labels, value, services: [], inRunningTask: false });
  };
  const swarm: FakeSwarm = {
    secrets: [],
    records: [],
    addByHand: (name, value) => add(name, {}, value),
    use: (...names) => {
      for (const secret of swarm.secrets)
        secret.services = names.includes(secret.name) ? [{ name: 'shop_api', stack: 'shop' }] : [];
    },
    list: async () => swarm.secrets.map(({ value, ...seen }) => structuredClone(seen)),
    listStacks: async () => [
      ...new Set(swarm.secrets.flatMap(({ services }) => services.flatMap(({ stack }) => stack ?? []))),
    ],
    create: async (name, labels, value) => {
      if (swarm.secrets.some((secret) => secret.name === name)) return false;
      add(name, labels, value.reveal().toString());
      return true;
    },
    remove: async (id) => {
      swarm.secrets = swarm.secrets.filter((secret) => secret.id !== id);
    },
    readKey: async () => swarm.key && { id: 'key', key: swarm.key },
    createKey: async (_labels, key) => {
      if (swarm.key) return false;
      swarm.key = key;
      return true;
    },
    removeConfig: async () => {
      delete swarm.key;
    },
    rotations: {
      list: async () => structuredClone(swarm.records),
      create: async (record) => {
        if (swarm.records.some(({ secret }) => secret === record.secret)) return false;
        swarm.records.push({ ...record, configId: `rotation${nextId++}` });
        return true;
      },
      update: async (record) => {
        swarm.records = swarm.records.map((one) =>
          one.configId === record.configId ? structuredClone(record) : one,
        );
      },
      remove: async (configId) => {
        swarm.records = swarm.records.filter((one) => one.configId !== configId);
      },
    },
  };
  return swarm;
}

/** Name, value and version of each secret, in the order they were made. */
export function describeSecrets(swarm: FakeSwarm): string[] {
  return swarm.secrets.map(({ name, value, labels }) =>
    [name, value, labels[secretLabels.version] ?? 'by hand'].join(' '),
  );
}
