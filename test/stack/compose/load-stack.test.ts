import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPlace, InputError } from '../../../src/errors.ts';
import { type LoadOptions, loadStack } from '../../../src/stack/compose/load-stack.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kawanan-compose-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (files: Record<string, string | Uint8Array>) => {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
};

const load = (files: Record<string, string | Uint8Array>, options: Partial<LoadOptions> = {}) => {
  write(files);
  const composeFiles = Object.keys(files).filter((name) => name.endsWith('.yml'));
  const given = { name: 'shop', variables: {}, ...options };
  return loadStack(
    composeFiles.map((name) => path.join(folder, name)),
    given,
  );
};

/** `file:line:column path: message -> next` of each problem, the folder left out. */
const refuse = async (files: Record<string, string | Uint8Array>, options: Partial<LoadOptions> = {}) => {
  const error = await load(files, options).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof InputError)) throw error;
  return error.problems.map((problem) => {
    const next = problem.next === undefined ? '' : ` -> ${problem.next}`;
    return `${formatPlace(problem)}: ${problem.message}${next}`.replaceAll(`${folder}/`, '');
  });
};

describe('a stack', () => {
  it('keeps what is ours: build, order, the balancer section and its places', async () => {
    const stack = await load(
      {
        'c.yml': [
          'x-balancer:',
          '  web: {listen: 80, service: web}',
          'services:',
          '  web:',
          '    image: shop/web:1.0',
          '    build: {context: ./web, dockerfile: D, target: final, args: [A=1, HERE, GONE]}',
          '    depends_on: [db, nothing]',
          '  db: {image: "db:1", build: db}',
        ].join('\n'),
      },
      { variables: { HERE: 'x' } },
    );
    const [db, web] = stack.services;
    expect(web?.build).toEqual({
      context: path.join(folder, 'web'),
      dockerfile: 'D',
      target: 'final',
      args: { A: '1', HERE: 'x' },
    });
    expect(db?.build).toEqual({ context: path.join(folder, 'db'), dockerfile: 'Dockerfile', args: {} });
    expect([web?.dependsOn, db?.dependsOn]).toEqual([['db'], []]);
    expect(stack.xBalancer?.value).toEqual({ web: { listen: 80, service: 'web' } });
    expect(stack.xBalancer?.locate(['web', 'listen'])).toEqual({ line: 2, column: 9 });
    expect(stack.locate?.(['services', 'web', 'depends_on', 1])).toEqual({
      file: path.join(folder, 'c.yml'),
      line: 7,
      column: 22,
    });
    expect(stack.warnings).toEqual([
      `${folder}/c.yml:7:5 services.web.depends_on: there is no service "nothing" to wait for; it is ignored`,
    ]);
  });

  it('is named by its stack, and external objects by their own names', async () => {
    const stack = await load({
      'c.yml': [
        'services:',
        '  web:',
        '    image: web:1',
        '    networks: [inner, outer, host]',
        '    secrets: [own, theirs]',
        'networks:',
        '  inner:',
        '  outer: {external: true, name: shared}',
        '  host: {external: true}',
        '  unused: {external: true}',
        'secrets:',
        '  own: {file: own.txt}',
        '  theirs: {external: true, name: real}',
      ].join('\n'),
      'own.txt': 'hello',
    });
    expect(stack.networks.map(({ key, spec }) => [key, spec.Name])).toEqual([['inner', 'shop_inner']]);
    expect(stack.external).toEqual({ networks: ['shared'], configs: [], secrets: ['real'] });
    expect(stack.secrets).toEqual([
      {
        key: 'own',
        spec: {
          Name: 'shop_own',
          Labels: { 'com.docker.stack.namespace': 'shop' },
          Data: Buffer.from('hello').toString('base64'),
        },
      },
    ]);
    const { TaskTemplate } = stack.services[0]!.spec;
    expect(TaskTemplate.ContainerSpec.Secrets?.map((one) => one.SecretName)).toEqual(['real', 'shop_own']);
    expect(TaskTemplate.Networks?.map(({ Target, Aliases }) => [Target, Aliases])).toEqual([
      ['host', undefined],
      ['shared', ['web']],
      ['shop_inner', ['web']],
    ]);
  });

  it('is the same with a lone or a Windows line break, a byte order mark, and UTF-16', async () => {
    const text = 'services:\n  web:\n    image: web:1\n';
    const plain = await load({ 'c.yml': text });
    for (const other of [
      text.replaceAll('\n', '\r\n'),
      text.replaceAll('\n', '\r'),
      `\ufeff${text}`,
      Buffer.from(`\ufeff${text}`, 'utf16le'),
    ]) {
      const stack = await load({ 'c.yml': other });
      expect({ ...stack, locate: null }).toEqual({ ...plain, locate: null });
    }
  });

  it('says in which of its files a problem stands', async () => {
    const problems = await refuse({
      'a.yml': 'services:\n  web: {image: "web:1", networks: [front]}\n',
      'b.yml': 'services:\n  web:\n    networks: [back]\nnetworks: {front: }\n',
    });
    expect(problems).toEqual([
      'b.yml:3:5 services.web.networks.back: the network "back" is not defined -> define it under the top-level networks:',
    ]);
  });
});

describe('every problem is reported at once', () => {
  it('of format', async () => {
    const text = [
      'services:',
      '  web:',
      '    imagee: nginx',
      '    image: 5',
      '    scale: 3',
      '    ports: ["80:80/http", 80, 80, {target: "8"}]',
      '    init: "yes"',
      '    deploy: {replica: 2, update_config: {order: start_first}}',
      '    stop_grace_period: 1d',
      '    volumes: [{source: a}]',
      '    environment: {A: true}',
      '  "a b": {image: x}',
      'name: shop',
      'network: {}',
    ].join('\n');
    const problems = await refuse({ 'c.yml': text });
    expect(problems).toEqual([
      'c.yml:3:5 services.web.imagee: the key "imagee" is not known here -> did you mean "image"?',
      'c.yml:4:5 services.web.image: expected a string, found an integer 5 -> put it in quotes: "5"',
      'c.yml:5:5 services.web.scale: the key "scale" is not known here -> use deploy.replicas',
      'c.yml:6:13 services.web.ports.0: "80:80/http" is not a published port: "http" is no protocol: tcp, udp or sctp -> write PORT, HOST:CONTAINER or HOST:CONTAINER/udp',
      'c.yml:6:31 services.web.ports.2: the same entry is already there (entry 2) -> remove one of the two',
      'c.yml:6:36 services.web.ports.3.target: expected an integer, found a string 8 -> take the quotes away',
      'c.yml:7:5 services.web.init: expected true or false, found a string yes -> write true',
      'c.yml:8:14 services.web.deploy.replica: the key "replica" is not known here -> did you mean "replicas"?',
      'c.yml:8:42 services.web.deploy.update_config.order: expected start-first or stop-first, found "start_first" -> did you mean "start-first"?',
      'c.yml:9:5 services.web.stop_grace_period: "1d" is not a duration -> write a number with its unit, such as 30s, 1m30s or 500ms',
      'c.yml:10:15 services.web.volumes.0: type is missing',
      'c.yml:11:19 services.web.environment.A: expected a string, a number or nothing, found a boolean true -> put it in quotes: "true"',
      'c.yml:12:3 services.a b: "a b" can\'t be used as a name -> a name is made of letters, digits, ".", "_" and "-"',
      'c.yml:13:1 name: the key "name" is not known at the top of the file -> the name of a stack is given when it is deployed (stack.name of cluster.yml); remove the key',
      'c.yml:14:1 network: the key "network" is not known at the top of the file -> did you mean "networks"?',
    ]);
  });

  it('of meaning', async () => {
    const text = [
      'services:',
      '  web:',
      '    image: Web',
      '    command: echo "a',
      '    env_file: gone.env',
      '    deploy: {replicas: -1, resources: {limits: {memory: lots}}}',
      '  db:',
      '    image: db:1',
      '    volumes: [{type: bind, target: /x}]',
    ].join('\n');
    expect(await refuse({ 'c.yml': text })).toEqual([
      'c.yml:4:5 services.web.command: the command has no closing " -> write the command as a list, or mend the quotes',
      `c.yml:5:5 services.web.env_file: can't read the environment file gone.env: there is no such file`,
      'c.yml:6:14 services.web.deploy.replicas: expected 0 or more, found -1',
      'c.yml:6:49 services.web.deploy.resources.limits.memory: "lots" is not a size -> write bytes or a size such as 64M or 1.5G',
      'c.yml:9:15 services.db.volumes.0: a bind mount has no source -> name the path on the node with source:',
    ]);
  });

  it('of references', async () => {
    const text = [
      'services:',
      '  web:',
      '    image: Web',
      '    networks: [gone]',
      '    volumes: ["data:/x"]',
      '    secrets: [gone]',
      '    deploy: {mode: globl}',
      '    healthcheck: {disable: true, test: x}',
      '  job: {image: "j:1", deploy: {mode: global-job, replicas: 2}}',
      'secrets: {file: {file: gone.txt}}',
    ].join('\n');
    expect(await refuse({ 'c.yml': text })).toEqual([
      'c.yml:3:5 services.web.image: "Web" is not an image: its name has capital letters -> write the name in small letters',
      'c.yml:4:5 services.web.networks.gone: the network "gone" is not defined -> define it under the top-level networks:',
      'c.yml:5:15 services.web.volumes.0: the volume "data" is not defined -> define it under the top-level volumes:, or write ./data for a folder',
      'c.yml:6:15 services.web.secrets.0: the secret "gone" is not defined -> define it under the top-level secrets:',
      'c.yml:7:14 services.web.deploy.mode: "globl" is no mode of a service -> one of replicated, global, replicated-job, global-job',
      'c.yml:8:5 services.web.healthcheck: a health check that is disabled has no test -> remove test or disable',
      'c.yml:9:50 services.job.deploy.replicas: a service of mode global-job has no replicas: it runs once on every node -> remove replicas, or use mode replicated',
      `c.yml:10:18 secrets.file.file: can't read gone.txt: there is no such file`,
    ]);
  });

  it('of a file that is not there, and of a name that can be none', async () => {
    await expect(
      loadStack([path.join(folder, 'no.yml')], { name: 'shop', variables: {} }),
    ).rejects.toMatchObject({
      problems: [
        { message: "can't read the compose file: there is no such file", file: path.join(folder, 'no.yml') },
      ],
    });
    expect(await refuse({ 'c.yml': 'services: {}' }, { name: 'my shop' })).toEqual([
      ': "my shop" can\'t be the name of a stack -> use letters, digits, "-" and "_", and begin with a letter or a digit',
    ]);
  });
});

describe('a lenient reader', () => {
  it('warns about unknown keys instead of refusing them', async () => {
    const text = 'services:\n  web: {image: "web:1", platform: linux/amd64}\n';
    const stack = await load({ 'c.yml': text }, { lenient: true });
    expect(stack.warnings).toEqual([
      `${folder}/c.yml:2:25 services.web.platform: the key "platform" is not known here; it is ignored`,
    ]);
  });
});

describe('what the engine would refuse', () => {
  const text = [
    'services:',
    '  web:',
    '    image: web:1',
    '    volumes: ["/a:/x", "/b:/x"]',
    '    deploy: {placement: {constraints: [node.hostname == a]}}',
    '    networks: [n]',
    '  a.b: {image: "b:1", networks: [n]}',
    'networks: {n: {ipam: {config: [{subnet: abc}]}}}',
    'secrets: {s: {file: empty}, big: {file: big}}',
  ].join('\n');
  const files = { 'c.yml': text, empty: '', big: Buffer.alloc(600_000) };

  it('is refused before anything is changed', async () => {
    expect((await refuse(files)).map((line) => line.replace(/ -> .*/, ''))).toEqual([
      'c.yml:4:24 services.web.volumes.1: two mounts have the target /x',
      "c.yml:7:3 services.a.b: shop_a.b can't be the name of a service: it must be usable as a DNS name",
      'c.yml:8:33 networks.n.ipam.config.0.subnet: "abc" is not a subnet',
      'c.yml:9:15 secrets.s.file: the file is empty',
      'c.yml:9:35 secrets.big.file: the file has 600000 bytes; the engine takes less than 512000',
    ]);
  });

  it('is found out at once in a long name, too', async () => {
    const name = `${'a'.repeat(50)}.b`;
    expect(await refuse({ 'c.yml': `services: {${name}: {image: "b:1"}}` })).toEqual([
      expect.stringContaining(`shop_${name} can't be the name of a service`),
    ]);
  });

  it('is let through where only the conversion is asked for', async () => {
    const stack = await load(files, { convertOnly: true });
    expect(stack.services.map(({ key }) => key)).toEqual(['a.b', 'web']);
    expect(stack.warnings).toEqual([]);
  });
});
