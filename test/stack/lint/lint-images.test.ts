import { expect, test } from 'vitest';
import { buildStack, readComposeFiles } from '../../../src/stack/compose/build-stack.ts';
import { lintImages } from '../../../src/stack/lint/lint-images.ts';

function lint(service: string, exposedPorts: Record<string, number[]>): string[] {
  const options = { name: 's', variables: {} };
  const files = readComposeFiles([{ file: '/f/c.yml', text: `services:\n  web: ${service}\n` }], options);
  const stack = buildStack(files, options, () => ({ content: Buffer.from('x') }));
  return lintImages(stack, exposedPorts).map(({ text }) => text);
}

const port = 'ports: [{target: 80, published: 8080, mode: host}]';

test('a port that neither the image nor the service names is found', () => {
  expect(lint(`{image: "w:1", ${port}}`, { 'w:1': [3000, 3001] })).toEqual([
    '/f/c.yml:2:23 services.web.ports: port 8080 leads to port 80 of the container, but its image says that it ' +
      'listens on 3000, 3001 (EXPOSE): connections are refused, or reach another program; publish 8080:3000 or ' +
      '8080:3001 [published-port-unheard]',
  ]);
});

test.each([
  ['the image exposes it', `{image: "w:1", ${port}}`, { 'w:1': [80, 3000] }],
  ['the image exposes nothing', `{image: "w:1", ${port}}`, { 'w:1': [] }],
  ['the image is on no node yet', `{image: "w:1", ${port}}`, { 'w:2': [3000] }],
  ['the command names it', `{image: "w:1", command: "--listen=80", ${port}}`, { 'w:1': [3000] }],
  ['the environment names it', `{image: "w:1", environment: {PORT: 80}, ${port}}`, { 'w:1': [3000] }],
  ['the command is found already', `{image: "w:1", command: "--port 81", ${port}}`, { 'w:1': [3000] }],
  ['it is of UDP', '{image: "w:1", ports: ["80:80/udp"]}', { 'w:1': [3000] }],
  [
    'it is silenced',
    `{image: "w:1", x-lint: {ignore: [published-port-unheard]}, ${port}}`,
    { 'w:1': [3000] },
  ],
])('but not where %s', (_, service, exposedPorts) => {
  expect(lint(service, exposedPorts)).toEqual([]);
});
