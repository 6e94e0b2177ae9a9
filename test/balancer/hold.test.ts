import { expect, test } from 'vitest';
import { planBackends } from '../../src/balancer/backends.ts';
import { listEngineFiles } from '../../src/balancer/engine-files.ts';
import { holdScript } from '../../src/balancer/haproxy/hold.ts';
import { haproxyFolder, renderHaproxyConfig } from '../../src/balancer/haproxy/render-haproxy.ts';
import { buildCluster, buildStack } from './examples.ts';

const planWeb = (more: string) =>
  planBackends(buildStack(`web: {listen: 80, service: flask${more}}`), buildCluster());

test('requests that wait bring the script that lets them, at the path that the configuration loads', () => {
  const model = planWeb(', timeouts: {hold: 2m}');
  const [script, ...others] = listEngineFiles(model, haproxyFolder);
  expect(others).toEqual([]);
  expect(script).toMatchObject({ content: holdScript, mode: 0o644 });
  const config = renderHaproxyConfig(model, {});
  expect(config).toContain(`lua-load ${script!.path}\n`);
  expect(config).toContain('http-request lua.kawanan_hold web.flask 120000 if { nbsrv(web.flask) eq 0 }\n');
});

test('without any HAProxy loads no script: it may be built without Lua', () => {
  const model = planWeb('');
  expect(listEngineFiles(model, haproxyFolder)).toEqual([]);
  expect(renderHaproxyConfig(model, {})).not.toContain('lua');
});
