/** Makes and removes secrets in the swarm. Values go from memory into the request and nowhere else. */
import { randomBytes } from 'node:crypto';
import { UserError } from '../errors.ts';
import type { Change } from '../plan/change.ts';
import type { WantedSecrets } from './desired.ts';
import { fingerprintSecret } from './fingerprint.ts';
import { keyLabel, secretLabels } from './observed.ts';
import type { SecretAction } from './plan.ts';
import { SecretValue } from './secret-value.ts';
import type { SwarmSecrets } from './swarm-secrets.ts';

const keyBytes = 32;

/** Carries out one change; doing it again does nothing. */
export async function applySecretChange(
  { action }: Change<SecretAction>,
  swarm: SwarmSecrets,
  wanted: WantedSecrets,
  ownerOf: (secret: string) => string,
): Promise<void> {
  switch (action.do) {
    case 'create-key':
      return void (await ensureKey(swarm));
    case 'create':
      return createVersion(action, swarm, wanted, ownerOf(action.secret));
    case 'remove':
      return swarm.remove(action.id);
    case 'remove-key':
      return swarm.removeConfig(action.id);
    case 'remove-rotation':
      return swarm.rotations.remove(action.id);
  }
}

/** The key of all fingerprints: whoever comes second takes what the first has made. */
export async function ensureKey(swarm: SwarmSecrets): Promise<SecretValue> {
  const present = await swarm.readKey();
  if (present) return present.key;
  const key = new SecretValue(randomBytes(keyBytes));
  if (await swarm.createKey({ [keyLabel]: 'fingerprint' }, key)) return key;
  const other = await swarm.readKey();
  if (other) return other.key;
  throw new UserError('the key of fingerprints came and went again', { next: 'run the same command again' });
}

/** Makes a version; one that is there with that value will do. */
export async function createVersion(
  { secret, objectName, version }: Extract<SecretAction, { do: 'create' }>,
  swarm: SwarmSecrets,
  wanted: WantedSecrets,
  stackName: string,
): Promise<void> {
  const value = wanted.get(secret);
  if (!(value instanceof SecretValue)) throw new Error(`the value of ${secret} was never loaded`);
  const fingerprint = fingerprintSecret(await ensureKey(swarm), secret, value);
  const labels = {
    [secretLabels.secret]: secret,
    [secretLabels.version]: String(version),
    [secretLabels.fingerprint]: fingerprint,
    [secretLabels.stack]: stackName,
  };
  if (await swarm.create(objectName, labels, value)) return;
  const present = (await swarm.list()).find((one) => one.name === objectName);
  if (present?.labels[secretLabels.fingerprint] === fingerprint) return;
  throw new UserError(`a secret ${objectName} with another value was made meanwhile`, {
    next: 'run the same command again',
  });
}
