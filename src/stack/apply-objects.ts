/** Makes and labels what services rest on: networks, configs, secrets. */
import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import type { Progress } from '../plan/layer.ts';
import { inBody } from '../remote/engine-call.ts';
import type { StackAction } from './action.ts';
import { type ApplyContext, findByKey, refusal } from './apply-context.ts';
import { removeNetwork, removeService } from './apply-removal.ts';
import type { ConfigSpec, SecretSpec } from './engine-types.ts';
import type { ObservedConfig } from './observed.ts';
import {
  fileFingerprintLabel,
  fileVersionLabel,
  fileVersionOfLabel,
  fingerprintFile,
  fingerprintKeyName,
  readFingerprintKey,
} from './resolve-references.ts';

type ActionOf<Kind extends StackAction['do']> = Extract<StackAction, { do: Kind }>;

export async function createNetwork(context: ApplyContext, key: string): Promise<void> {
  const { spec } = findByKey(context.definition.networks, key);
  try {
    await context.engine.createNetwork({ Driver: 'overlay', ...spec, CheckDuplicate: true } as never);
  } catch (error) {
    throw refusal(
      `create the network ${spec.Name}`,
      error,
      'mend it in the compose file and run the same command again',
    );
  }
}

/** Takes the services off a network, removes it and makes it anew; the services follow by their own changes. */
export async function replaceNetwork(
  context: ApplyContext,
  action: ActionOf<'replace-network'>,
  progress: Progress,
): Promise<void> {
  const { spec } = findByKey(context.definition.networks, action.network);
  await Promise.all(action.serviceIds.map((id) => removeService(context, id, id, progress)));
  await removeNetwork(context, action.id, spec.Name, progress);
  await createNetwork(context, action.network);
}

export async function createConfig(context: ApplyContext, action: ActionOf<'create-config'>): Promise<void> {
  const { spec } = findByKey(context.definition.configs, action.config);
  try {
    await context.engine.createConfig(inBody(versionSpec(spec, action.objectName, {})));
  } catch (error) {
    throw refusal(
      `create the config ${action.objectName}`,
      error,
      'run `kawanan plan` to see what is there now',
    );
  }
}

export async function createSecret(context: ApplyContext, action: ActionOf<'create-secret'>): Promise<void> {
  const { spec } = findByKey(context.definition.secrets, action.secret);
  const fingerprint = fingerprintFile(await ensureFingerprintKey(context.engine), spec);
  try {
    await context.engine.createSecret(
      inBody(versionSpec(spec, action.objectName, { [fileFingerprintLabel]: fingerprint })),
    );
  } catch (error) {
    throw refusal(
      `create the secret ${action.objectName}`,
      error,
      'run `kawanan plan` to see what is there now',
    );
  }
}

/** Brings the labels of a config or secret up to date; nothing else of one can be changed. */
export async function updateLabels(context: ApplyContext, action: ActionOf<'update-labels'>): Promise<void> {
  const { engine, definition } = context;
  const wanted = findByKey<{ key: string; spec: ConfigSpec | SecretSpec }>(
    action.type === 'config' ? definition.configs : definition.secrets,
    action.key,
  ).spec.Labels;
  const object = action.type === 'config' ? engine.getConfig(action.id) : engine.getSecret(action.id);
  const now = (await object.inspect()) as unknown as { Version: { Index: number }; Spec: ConfigSpec };
  const own = Object.entries(now.Spec.Labels ?? {}).filter(([name]) => name.startsWith('kawanan.'));
  const body = { ...now.Spec, Labels: { ...wanted, ...Object.fromEntries(own) } };
  try {
    await object.update({ _query: { version: now.Version.Index }, _body: body } as never);
  } catch (error) {
    throw refusal(
      `update the labels of the ${action.type} ${now.Spec.Name}`,
      error,
      'run the same command again',
    );
  }
}

function versionSpec<Spec extends ConfigSpec | SecretSpec>(
  spec: Spec,
  objectName: string,
  labels: Record<string, string>,
): Spec {
  const version = objectName.slice(spec.Name.length).match(/^\.v(\d+)$/)?.[1];
  const versioned =
    version === undefined ? {} : { [fileVersionOfLabel]: spec.Name, [fileVersionLabel]: version };
  return { ...spec, Name: objectName, Labels: { ...spec.Labels, ...versioned, ...labels } };
}

/** The key of all fingerprints, made on first need. Two runs at once: the first to create it wins. */
async function ensureFingerprintKey(engine: Docker): Promise<Buffer> {
  const read = async () =>
    readFingerprintKey(((await engine.listConfigs()) ?? []) as unknown as ObservedConfig[]);
  const known = await read();
  if (known) return known;
  const Labels = { [fingerprintKeyName]: 'true' };
  const spec = { Name: fingerprintKeyName, Labels, Data: randomBytes(32).toString('base64') };
  await engine.createConfig(inBody(spec)).catch(() => {});
  const made = await read();
  if (!made)
    throw refusal('keep the key of fingerprints', new Error('it is not there'), 'run the same command again');
  return made;
}
