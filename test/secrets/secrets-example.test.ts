import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSecrets } from '../../src/secrets/load-secrets.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { copySecretsExample, renderSecretsExample } from '../../src/secrets/secrets-example.ts';

const example = join(import.meta.dirname, '../../secrets.example');

/** The seventeen of the reference, under its names. */
const reference = [
  'api_base_url',
  'secret_key',
  'mysql_user',
  'mysql_password',
  'mysql_host',
  'mysql_port',
  'mysql_name',
  'minio_bucket_name',
  'minio_host',
  'minio_port',
  'minio_access_key',
  'minio_secret_key',
  'minio_use_ssl',
  'minio_expiration_time',
  'jwt_algorithm',
  'jwt_expiration_time',
  'jwt_secret_key',
];

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kawanan-example-'));
  target = join(folder, 'deep', 'secrets.yml');
});
afterEach(() => rm(folder, { recursive: true }));

describe('secrets.example', () => {
  test('becomes a secrets file with every secret of the reference, ready to use', async () => {
    await copySecretsExample(example, target);
    expect((await stat(target)).mode & 0o777).toBe(0o600);
    const options = { variables: { KAWANAN_VIP: '198.18.0.20' }, env: {}, write: false };
    const loaded = await loadSecrets(target, options);
    const ours = ['mysql_root_password', 'admin_password', 'minio_root_user', 'minio_root_password'];
    expect([...loaded.keys()].sort()).toEqual([...reference, ...ours].sort());
    const read = (name: string): string => {
      const value = loaded.get(name);
      return value instanceof SecretValue ? value.reveal().toString() : `${value}`;
    };
    expect(['api_base_url', 'minio_host', 'minio_port', 'minio_use_ssl', 'mysql_port'].map(read)).toEqual([
      'http://198.18.0.20/api/v1',
      '198.18.0.20',
      '9000',
      'false',
      '3306',
    ]);
    expect(read('minio_access_key')).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(read('minio_secret_key')).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(read('mysql_password')).toMatch(/^[A-Za-z0-9]{32}$/);
  });

  test('keeps its comments and all that is not generated', async () => {
    const text = await readFile(example, 'utf8');
    const rendered = renderSecretsExample(text, example, ({ length }) => 'x'.repeat(length));
    const expected = text
      .replaceAll(
        /^([a-z_]+: )\{generate: \{length: (\d+)\}\}$/gm,
        (_, key, length) => `${key}"${'x'.repeat(Number(length))}"`,
      )
      .replaceAll(/^([a-z_]+: )generate$/gm, `$1"${'x'.repeat(32)}"`);
    expect(rendered).toBe(expected);
  });

  test('is not copied over a file that is there, unless forced', async () => {
    await copySecretsExample(example, target);
    const first = await readFile(target, 'utf8');
    await expect(copySecretsExample(example, target)).rejects.toThrow('is there already and was left alone');
    expect(await readFile(target, 'utf8')).toBe(first);
    await copySecretsExample(example, target, { force: true });
    expect(await readFile(target, 'utf8')).not.toBe(first);
  });
});
