/**
 * `minio-access-key`: an application's own access key and secret key at MinIO, not root's. A second user with the same
 * policies is added, the services move, and the first one is removed once no presigned URL of its is valid any longer.
 */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { commonKeys, durationSchema } from '../common-schema.ts';
import type { Strategy, StrategyContext } from '../strategy.ts';
import { openStore, type StoreLogin } from './minio-client.ts';

export const minioAccessKeySchema = z.strictObject({
  strategy: z.literal('minio-access-key'),
  service: z.string().describe('a service of the store; MinIO’s client mc runs in a task of it'),
  access_key: z
    .string()
    .describe('the secret with the access key, which changes together with the secret key'),
  root_user: z.string().describe("the secret with root's name"),
  root_password: z.string().describe("the secret with root's password"),
  url: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'a URL is wanted, such as http://127.0.0.1:9000')
    .optional()
    .describe('where the store answers inside that task; http://127.0.0.1:9000 unless told'),
  lifetime: durationSchema
    .optional()
    .describe(
      'how long presigned URLs are valid: the old access key is removed that long after all have moved',
    ),
  ...commonKeys,
});

type MinioInput = z.output<typeof minioAccessKeySchema>;

const defaultUrl = 'http://127.0.0.1:9000';

export function createMinioAccessKeyStrategy(secret: string, input: MinioInput): Strategy {
  const where = `in a task of ${input.service}`;
  const open = (context: StrategyContext) => {
    const roots = listRoots(secret, input, context);
    return openStore(context, { secret, service: input.service, url: input.url ?? defaultUrl, roots });
  };
  return {
    name: 'minio-access-key',
    secrets: [secret, input.access_key],
    reads: [input.root_user, input.root_password],
    leaves: input.leave ?? [],
    needsOld: true,
    ...(input.lifetime !== undefined && { overlapSeconds: input.lifetime }),
    words: {
      prepare: `the object store gets a second user with the same policies: mc admin user add ${where}`,
      verify: `logs in with the new access key ${where}`,
      retire: `the object store removes the old access key: mc admin user remove ${where}`,
    },
    // MinIO takes access keys of 3 to 20 characters and secret keys of 8 to 40
    recipeOf: (name) => ({ length: name === secret ? 40 : 20, charset: 'alphanumeric' }),
    prepare: async (context) => {
      const store = open(context);
      const next = readLogin(secret, input, context.next)!;
      const old = requireOld(secret, input, context);
      const before = await store.readUser(old.accessKey);
      if (before.kind === 'none')
        throw new UserError(`${secret}: the object store has no user with the present access key`, {
          next: `rotation is for an application's own access key; is ${input.access_key} the one of root?`,
        });
      await store.addUser(next, before.policies, before.groups);
      if (await store.accepts(next)) return;
      throw new UserError(`${secret}: the object store took the new access key, but doesn't accept it`, {
        next: 'run the same command again',
      });
    },
    verify: async (context) => {
      if (await open(context).accepts(readLogin(secret, input, context.next)!)) return;
      throw new UserError(`${secret}: the object store doesn't accept the new access key`, {
        next: 'nothing was taken away: run the same command again',
      });
    },
    retire: async (context) => {
      const store = open(context);
      const old = requireOld(secret, input, context);
      await store.removeUser(old.accessKey);
      if (!(await store.accepts(old))) return;
      throw new UserError(`${secret}: the object store still accepts the old access key`, {
        next: 'run the same command again',
      });
    },
    undo: async (context) => {
      await open(context).removeUser(readLogin(secret, input, context.next)!.accessKey);
    },
  };
}

function readText(value: SecretValue | undefined): string | undefined {
  return value?.reveal().toString('utf8');
}

function readLogin(
  secret: string,
  input: MinioInput,
  values: ReadonlyMap<string, SecretValue>,
): StoreLogin | undefined {
  const [accessKey, secretKey] = [readText(values.get(input.access_key)), readText(values.get(secret))];
  return accessKey === undefined || secretKey === undefined ? undefined : { accessKey, secretKey };
}

function requireOld(secret: string, input: MinioInput, context: StrategyContext): StoreLogin {
  const old = readLogin(secret, input, context.old);
  if (old) return old;
  throw new UserError(`${secret}: the access key that is in use now isn't known`, {
    next: `it is read from the secrets file or a task that has ${input.access_key}: is one of its services running?`,
  });
}

/** Every pair that root may have now. */
function listRoots(secret: string, input: MinioInput, { present }: StrategyContext): StoreLogin[] {
  const read = (name: string): string[] => [
    ...new Set((present.get(name) ?? []).map((value) => readText(value)!)),
  ];
  const roots = read(input.root_user).flatMap((accessKey) =>
    read(input.root_password).map((secretKey) => ({ accessKey, secretKey })),
  );
  if (roots.length > 0) return roots;
  throw new UserError(`${secret}: the object store's root is not known`, {
    next: `give ${input.root_user} and ${input.root_password} values in the secrets file`,
  });
}
