import { describe, expect, it } from 'vitest';
import type { InputError } from '../../../src/errors.ts';
import { buildStack, readComposeFiles } from '../../../src/stack/compose/build-stack.ts';

/** The warnings of one service, without their places and their advice. */
function lint(service: string, rest = ''): string[] {
  const options = { name: 's', variables: {} };
  const text = `services:\n  web: ${service}\n${rest}`;
  const stack = buildStack(readComposeFiles([{ file: '/f/c.yml', text }], options), options, () => ({
    content: Buffer.from('x'),
  }));
  return stack.warnings.map((warning) => warning.replace('/f/c.yml:', ''));
}

const pinned = 'deploy: {placement: {constraints: [node.hostname == a]}}';

describe('a service is warned about', () => {
  it.each([
    [
      'an image without a version',
      '{image: web}',
      '2:9 services.web.image: web:latest is whatever "latest" is',
    ],
    [
      'a file of one node',
      '{image: "w:1", volumes: ["./a:/b"]}',
      '2:33 services.web.volumes.0: ./a is a path on the computer that deploys',
    ],
    [
      'a folder of one node',
      '{image: "w:1", volumes: ["/srv/a:/b"]}',
      '2:33 services.web.volumes.0: /srv/a must be there on every node that may run web',
    ],
    [
      'a file of one node in the long form, even where it is pinned',
      `{image: "w:1", volumes: [{type: bind, source: a, target: /b}], ${pinned}}`,
      '2:33 services.web.volumes.0: a is a path on the computer that deploys',
    ],
    [
      'a database without a volume',
      '{image: "mysql:8.4"}',
      '2:9 services.web.image: web runs mysql without a volume that has a name',
    ],
    [
      'a port its variables tell another of',
      '{image: "w:1", environment: {PORT: 3000}, ports: [{target: 80, published: 8080, mode: host}]}',
      '2:50 services.web.ports: port 8080 leads to port 80 of the container, but its environment says that it listens on 3000',
    ],
    [
      'a port an option tells another of',
      '{image: "w:1", command: "serve --port 3000", ports: [{target: 80, published: 8080, mode: host}]}',
      '2:53 services.web.ports: port 8080 leads to port 80 of the container, but the command listens on 3000',
    ],
    [
      'a volume that stays behind',
      '{image: "w:1", volumes: ["data:/b"]}',
      '2:33 services.web.volumes.0: the volume s_data is local, and nothing pins web',
    ],
    [
      'ports of the ingress mesh',
      '{image: "w:1", ports: ["80:80", "81:81"]}',
      '2:23 services.web.ports: port 80, 81 goes through the ingress mesh',
    ],
    [
      'a port that leads past the program',
      '{image: "w:1", command: "serve --console :9003", ports: [{target: 9001, published: 9003, mode: host}]}',
      '2:57 services.web.ports: port 9003 leads to port 9001 of the container, but the command listens on 9003',
    ],
    [
      'an update watched too briefly',
      '{image: "w:1", healthcheck: {test: x, interval: 10s}, deploy: {update_config: {monitor: 20s}}}',
      '2:87 services.web.deploy.update_config.monitor: an updated task is watched for 20s, but its health check needs 30s',
    ],
    [
      'an update watched until the verdict, but not until the task has ended',
      '{image: "w:1", healthcheck: {test: x, interval: 10s, timeout: 4s}, stop_grace_period: 1m, deploy: {update_config: {monitor: 31s}}}',
      '2:123 services.web.deploy.update_config.monitor: an updated task is watched for 31s, but its health check needs 30s ' +
        '(interval × retries) to call it unhealthy, and swarm 2s more before it ends: a version that breaks after its start passes; ' +
        'set monitor to 32s and what the task takes to stop (1m44s where the check',
    ],
    [
      'restart',
      '{image: "w:1", restart: always}',
      '2:23 services.web.restart: restart belongs to single containers',
    ],
    [
      'a container name',
      '{image: "w:1", container_name: x}',
      '2:23 services.web.container_name: container_name is ignored',
    ],
    [
      'an address that swarm gives itself',
      '{image: "w:1", networks: {default: {ipv4_address: 10.0.0.5}}}',
      '2:44 services.web.networks.default.ipv4_address: ipv4_address is ignored',
    ],
    [
      'an address of a published port',
      '{image: "w:1", ports: ["127.0.0.1:80:80"]}',
      '2:31 services.web.ports.0: the address 127.0.0.1 is ignored',
    ],
  ])('%s', (_what, service, warning) => {
    const found = lint(service, 'volumes: {data: }\n');
    expect(found.some((one) => one.startsWith(warning))).toBe(true);
  });

  it.each([
    ['a version', '{image: "w:1"}'],
    ['a digest', `{image: "w@sha256:${'a'.repeat(64)}"}`],
    ['an image of its own', '{image: w, build: .}'],
    ['a pinned volume', `{image: "w:1", volumes: ["data:/b"], ${pinned}}`],
    ['a pinned file', `{image: "w:1", volumes: ["/a:/b"], ${pinned}}`],
    [
      'a one-shot of a database image',
      '{image: "mysql:8", deploy: {restart_policy: {condition: on-failure}}}',
    ],
    [
      'a port of another',
      '{image: "w:1", environment: {MYSQL_PORT: 3306}, ports: [{target: 80, published: 8080, mode: host}]}',
    ],
    ['the engine socket', '{image: "w:1", volumes: ["/var/run/docker.sock:/s"]}'],
    ['a volume of every node', '{image: "w:1", volumes: ["data:/b"], deploy: {mode: global}}'],
    ['a volume of a driver', '{image: "w:1", volumes: ["nfs:/b"]}'],
    ['a host port', '{image: "w:1", ports: [{target: 80, published: 80, mode: host}]}'],
    [
      'a port the program listens on',
      '{image: "w:1", command: "--console :9003 --api=0.0.0.0:9001", ports: [{target: 9001, published: 9003, mode: host}]}',
    ],
    [
      'an update watched long enough',
      '{image: "w:1", healthcheck: {test: x, interval: 5s, retries: 2}, deploy: {update_config: {monitor: 12s}}}',
    ],
    [
      'a long start: the watch begins with the first healthy answer, which ends the start period',
      '{image: "w:1", healthcheck: {test: x, interval: 5s, retries: 2, start_period: 5m, start_interval: 1m}, deploy: {update_config: {monitor: 12s}}}',
    ],
    ['a disabled check', '{image: "w:1", healthcheck: {disable: true}, deploy: {update_config: {}}}'],
  ])('but not about %s', (_what, service) => {
    expect(lint(service, 'volumes: {data: , nfs: {driver_opts: {type: nfs}}}\n')).toEqual([]);
  });

  it('what no service uses, and only that', () => {
    const rest = 'secrets: {a: {external: true}, b: {file: x}}\nconfigs: {c: {file: x}}\n';
    expect(lint('{image: "w:1", secrets: [a]}', rest)).toEqual([
      '3:32 secrets.b: no service uses the secret b: it is there for nobody, or a service misses it; give it to a service under secrets:, or remove it [unused-secret]',
      '4:11 configs.c: no service uses the config c: it is there for nobody, or a service misses it; give it to a service under configs:, or remove it [unused-config]',
    ]);
  });
});

describe('x-lint', () => {
  const latest = 'image: web';

  it('silences a lint of one service, or of all', () => {
    expect(lint(`{${latest}, x-lint: {ignore: [image-not-pinned]}}`)).toEqual([]);
    expect(lint(`{${latest}, x-lint: {ignore: [ingress-port]}}`)).toHaveLength(1);
    expect(lint(`{${latest}}`, 'x-lint: {ignore: [image-not-pinned]}\n')).toEqual([]);
    expect(lint(`{image: "w:1"}`, 'x-lint: {ignore: [unused-secret]}\nsecrets: {a: {file: x}}\n')).toEqual(
      [],
    );
  });

  it.each([
    ['an unknown code', '{ignore: [image-not-pined]}', 'did you mean "image-not-pinned"?'],
    ['another key', '{ingore: [image-not-pinned]}', 'write x-lint: {ignore: [ingress-port]}'],
    ['a code alone', 'image-not-pinned', 'write x-lint: {ignore: [ingress-port]}'],
  ])('is refused with %s', (_what, value, next) => {
    try {
      lint(`{image: "w:1", x-lint: ${value}}`);
      expect.unreachable();
    } catch (error) {
      expect((error as InputError).problems).toMatchObject([{ file: '/f/c.yml', line: 2, next }]);
    }
  });
});

describe('merging several files', () => {
  it('says what docker stack deploy loses', () => {
    const options = { name: 's', variables: {} };
    const sources = [
      {
        file: '/a.yml',
        text: 'services: {web: {image: "w:1", healthcheck: {test: x}, logging: {driver: d}}}',
      },
      { file: '/b.yml', text: 'services: {web: {healthcheck: {test: y}, logging: {options: {a: b}}}}' },
    ];
    const stack = buildStack(readComposeFiles(sources, options), options, () => ({ failure: '' }));
    expect(stack.warnings).toEqual([
      '/b.yml:1:18 services.web.healthcheck: docker stack deploy appends this test to that of the file before; write the test in one file only',
      '/b.yml:1:42 services.web.logging: docker stack deploy drops these options, as the file before has none; write the options there',
    ]);
  });
});
