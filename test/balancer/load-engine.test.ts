import { expect, test } from 'vitest';
import { emptyServerState } from '../../src/balancer/haproxy/server-state.ts';
import { loadFresh, whilePrepared } from '../../src/balancer/load-engine.ts';
import { reloadEngine } from '../../src/balancer/reload-engine.ts';
import { readSeal, sealFile } from '../../src/balancer/seal.ts';
import { UserError } from '../../src/errors.ts';
import { FakeHost } from './fake-host.ts';

const configPath = '/etc/haproxy/haproxy.cfg';
const statePath = '/var/lib/haproxy/kawanan-servers.state';
const config = sealFile(
  'global\n    setenv KAWANAN_CONFIG_DIGEST @DIGEST@\nbackend web.app\n    server w1-app 192.0.2.14:8000\n',
);
const digest = readSeal(config);
const state = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port
3 web.app 1 w1-app 192.0.2.14 2 8 8000
`;

/** A balancer that runs the configuration, one server drained; `found` is what new processes were told of servers. */
function buildHost(): { host: FakeHost; found: (string | undefined)[] } {
  const host = new FakeHost();
  host.files.set(configPath, config);
  host.running = config;
  host.serverStates = state;
  const found: (string | undefined)[] = [];
  host.starts = () => {
    found.push(host.files.get(statePath));
    return true;
  };
  return { host, found };
}

test('a process that is reloaded finds its servers as they were, and one that starts later finds nothing', async () => {
  const { host, found } = buildHost();
  await reloadEngine(host, 'haproxy');
  expect([found, host.files.get(statePath)]).toEqual([[state], emptyServerState]);
});

test('the process that answers with the digest is not taken for a new one that is still starting', async () => {
  const { host } = buildHost();
  const load = (): Promise<boolean> => loadFresh(host, 'haproxy', { digest, timeoutMs: 0 });
  expect(await load()).toBe(true);
  host.starts = () => {
    host.loads--;
    return true;
  };
  expect(await load()).toBe(false);
});

test('where nothing ran, whoever answers is new', async () => {
  const { host } = buildHost();
  host.running = undefined;
  expect(await loadFresh(host, 'haproxy', { digest, timeoutMs: 0 })).toBe(true);
});

test('work that fails leaves nothing for a later process to find, and its own failure is told', async () => {
  const { host } = buildHost();
  const writeFile = host.writeFile.bind(host);
  const failing = (): Promise<void> =>
    whilePrepared(host, { engine: 'haproxy', config }, async () => {
      expect(host.files.get(statePath)).toBe(state);
      throw new UserError('refused', { next: 'nothing' });
    });
  await expect(failing()).rejects.toThrow('refused');
  expect(host.files.get(statePath)).toBe(emptyServerState);

  host.writeFile = async (path, content, options) => {
    if (content === emptyServerState) throw new UserError('gone', { next: 'nothing' });
    await writeFile(path, content, options);
  };
  await expect(failing()).rejects.toThrow('refused');
});
