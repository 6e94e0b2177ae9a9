import { describe, expect, test } from 'vitest';
import { readDockerfile } from '../../src/images/dockerfile.ts';

const cases: { name: string; text: string; args?: Record<string, string>; bases: string[] }[] = [
  { name: 'one FROM', text: 'FROM debian:trixie-slim\nRUN true\n', bases: ['debian:trixie-slim'] },
  {
    name: 'stages are no bases',
    text: 'from a:1 as Build\nFROM b\nCOPY --from=build /x /y\nCOPY --from=0 /x /z\nCOPY --from=c:2 /q /q\n',
    bases: ['a:1', 'b', 'c:2'],
  },
  { name: 'scratch is none', text: 'FROM scratch\nADD a /\n', bases: [] },
  {
    name: 'a platform is passed over',
    text: 'FROM --platform=linux/amd64 a:1 AS x\nFROM x\n',
    bases: ['a:1'],
  },
  {
    name: 'arguments before FROM, with default and overridden',
    text: 'ARG TAG=1\nARG BASE="debian"\nFROM ${BASE}:$TAG\nFROM ${NONE:-x}:1\n',
    args: { TAG: '2' },
    bases: ['debian:2', 'x:1'],
  },
  {
    name: 'a continued line with a comment in it',
    text: '# c\nFROM \\\n  # why\n  a:1 \\\n  AS b\nFROM b',
    bases: ['a:1'],
  },
  { name: 'another escape character', text: '# escape=`\nFROM `\n a:1\r\nRUN x', bases: ['a:1'] },
];

describe('a Dockerfile', () => {
  test.each(cases)('$name', ({ text, args, bases }) => {
    expect(readDockerfile(text, args).bases).toEqual(bases);
  });

  test('its opening ends where it first reads the context', () => {
    const text = 'FROM a\nRUN apt-get install \\\n   -y b\nCOPY . .\nRUN later\n';
    expect(readDockerfile(text).opening).toBe('FROM a\nRUN apt-get install -y b');
  });
});
