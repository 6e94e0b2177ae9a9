import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeImage } from '../../../src/stack/compose/image-reference.ts';
import { parseDuration } from '../../../src/stack/compose/parse-duration.ts';
import { parseEnvFile } from '../../../src/stack/compose/parse-env-file.ts';
import { parsePortSpec } from '../../../src/stack/compose/parse-port.ts';
import { parseCpus, parseSize } from '../../../src/stack/compose/parse-size.ts';
import { parseMountSpec } from '../../../src/stack/compose/parse-volume.ts';
import { splitCommand } from '../../../src/stack/compose/split-command.ts';

describe('a duration', () => {
  it.each([
    ['10s', 10e9],
    ['1m30s', 90e9],
    ['1.5h', 5400e9],
    ['.5s', 0.5e9],
    ['1.s', 1e9],
    ['0', 0],
    ['-5s', -5e9],
    ['+5s', 5e9],
    ['1h1h', 7200e9],
    ['1us', 1e3],
    ['1µs', 1e3],
    ['0.000000001s', 1],
    ['0.0000000001s', 0],
  ])('%s is %d nanoseconds', (text, nanoseconds) => expect(parseDuration(text)).toBe(nanoseconds));

  it.each(['', '5', 's', '1d', '1h 2m', '1e3s', '.s', '--1s', '1s1', '1S', '2562048h'])('is not %j', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('a size', () => {
  it.each([
    ['512', 512],
    ['1b', 1],
    ['1k', 1024],
    ['1KiB', 1024],
    ['64 mb', 64 * 1024 ** 2],
    ['1.5g', 1.5 * 1024 ** 3],
    ['1.0005k', 1024],
    ['1e3', 1000],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', 'lots', '-5m', '5 m b', '64mm', '1e', '64  m', '9999999999999p'])('is not %j', (text) =>
    expect(parseSize(text)).toHaveProperty('message'),
  );
});

describe('a number of processors', () => {
  it.each([
    ['0.5', 5e8],
    ['.25', 25e7],
    ['1/2', 5e8],
    ['1e-1', 1e8],
    ['0.000000001', 1],
    ['2', 2e9],
  ])('%s is %d billionths', (text, nano) => expect(parseCpus(text)).toBe(nano));

  it.each(['', 'abc', '-1', '1,5', '0.0000000001', '1/0', '9999999999999'])('is not %j', (text) =>
    expect(parseCpus(text)).toHaveProperty('message'),
  );
});

describe('a published port', () => {
  const ports = (spec: string) => {
    const parsed = parsePortSpec(spec);
    if (typeof parsed === 'string') return parsed;
    return parsed.ports.map(({ published, target, protocol }) => `${published}:${target}/${protocol}`);
  };
  it.each([
    ['80', ['0:80/tcp']],
    ['8080:80', ['8080:80/tcp']],
    ['53:53/UDP', ['53:53/udp']],
    ['127.0.0.1:8080:80', ['8080:80/tcp']],
    ['[::1]:8080:80', ['8080:80/tcp']],
    ['3000-3002', ['0:3000/tcp', '0:3001/tcp', '0:3002/tcp']],
    ['9-11:9-11', ['10:10/tcp', '11:11/tcp', '9:9/tcp']],
    ['8000-8002:80', ['8000:80/tcp', '8001:80/tcp', '8002:80/tcp']],
  ])('%s is %j', (spec, expected) => expect(ports(spec)).toEqual(expected));

  it.each(['', '65536', '-1', '82-80', '80-81:80-82', '80:80/http', 'a:80', '1.2.3:80:80', '80:'])(
    'is not %j',
    (spec) => expect(ports(spec)).toBeTypeOf('string'),
  );
});

describe('a mount', () => {
  const brief = (spec: string) => {
    const parsed = parseMountSpec(spec);
    if (typeof parsed === 'string') return parsed;
    const { type, source, target, readOnly, bind, volume } = parsed.mount;
    const flags = [readOnly && 'ro', bind?.propagation, volume?.nocopy && 'nocopy'].filter(Boolean);
    return [type, source, target, ...flags].join('|');
  };
  it.each([
    ['/data', 'volume||/data'],
    ['name:/data', 'volume|name|/data'],
    ['name:/data:nocopy,ro', 'volume|name|/data|ro|nocopy'],
    ['./here:/there:rslave', 'bind|./here|/there|rslave'],
    ['~/here:/there', 'bind|~/here|/there'],
    ['C:\\here:D:\\there:ro', 'bind|C:\\here|D:\\there|ro'],
    ['\\\\.\\pipe\\a:\\\\.\\pipe\\b', 'bind|\\\\.\\pipe\\a|\\\\.\\pipe\\b'],
  ])('%s is %s', (spec, expected) => expect(brief(spec)).toBe(expected));

  it.each([
    ['', 'it is empty'],
    [':', 'there is nothing around the colon'],
    ['/a::ro', 'there is nothing between two colons'],
    ['name:/a:ro:z', 'there are too many colons'],
  ])('is not %j: %s', (spec, expected) => expect(brief(spec)).toBe(expected));
});

describe('a command line', () => {
  it.each([
    ['echo hello world', ['echo', 'hello', 'world']],
    [`sh -c 'echo "a b" $HOME'`, ['sh', '-c', 'echo "a b" $HOME']],
    ['a\\ b "c\\"d"', ['a b', 'c"d']],
    ['a #b c', ['a']],
    ['a#b "" \'\'', ['a#b', '', '']],
    ['', []],
    ['a # b\nc', ['a', 'c']],
  ])('%j is %j', (line, words) => expect(splitCommand(line)).toEqual(words));

  it.each(['a "b', "a 'b", 'a\\'])('is not %j', (line) =>
    expect(splitCommand(line)).toHaveProperty('message'),
  );

  it('gives back any words that were quoted one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const line = words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ');
        expect(splitCommand(line)).toEqual(words);
      }),
    );
  });
});

describe('an image', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  it.each([
    ['nginx', 'nginx:latest'],
    ['docker.io/library/nginx:1.27', 'nginx:1.27'],
    ['index.docker.io/a/b', 'a/b:latest'],
    ['localhost:5000/x', 'localhost:5000/x:latest'],
    [`a/b:t@${digest}`, `a/b:t@${digest}`],
    [`x@${digest}`, `x@${digest}`],
    ['a'.repeat(64), 'a'.repeat(64)],
  ])('%s is asked for as %s', (image, expected) => expect(completeImage(image)).toEqual({ image: expected }));

  it.each(['NGINX', 'x:', 'a//b', 'http://x/y', 'x@md5:abc', `x@sha256:${'a'.repeat(63)}`, '-a', 'x y'])(
    'is not %j',
    (image) => expect(completeImage(image)).toHaveProperty('message'),
  );
});

describe('an environment file', () => {
  it('keeps values as they stand and passes bare names on', () => {
    const text = '\ufeffA=1\r\n# no\n\n  B= two words \nC\nQ="quoted"\nE=a=b';
    expect(parseEnvFile(Buffer.from(text))).toEqual({
      variables: [
        ['A', '1'],
        ['B', ' two words '],
        ['C', null],
        ['Q', '"quoted"'],
        ['E', 'a=b'],
      ],
      problems: [],
    });
  });

  it('names every bad line', () => {
    const { problems } = parseEnvFile(Buffer.from(`export A=1\nB=2\n=3\nA B=4\nL=${'x'.repeat(70_000)}\n`));
    expect(problems).toEqual([
      { line: 1, message: 'lines are NAME=VALUE: remove the word "export"' },
      { line: 3, message: 'there is no name before the "="' },
      { line: 4, message: 'the name "A B" has a blank in it' },
      { line: 5, message: 'the line is longer than 65536 bytes' },
    ]);
  });
});
