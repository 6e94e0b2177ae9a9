import { expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { formatPlace } from '../../src/errors.ts';
import { checkBuilds, indexBuilds, warnOfUnusedBuilds } from '../../src/pipeline/cluster-builds.ts';
import { buildStack, readComposeFiles } from '../../src/stack/compose/build-stack.ts';

const clusterOf = (...images: string[]): Cluster =>
  ({
    file: '/work/cluster.yml',
    images: { archives: {}, builds: Object.fromEntries(images.map((image) => [image, `/work/${image}`])) },
  }) as unknown as Cluster;

const stackOf = (...images: string[]) => {
  const services = images.map((image, index) => `  s${index}: {image: "${image}"}`).join('\n');
  const options = { name: 's', variables: {} };
  const read = readComposeFiles([{ file: '/work/compose.yml', text: `services:\n${services}\n` }], options);
  return buildStack(read, options, () => ({ failure: 'there is none' }));
};

test.each([
  ['page', 'page:latest'],
  ['page:latest', 'docker.io/library/page'],
  ['registry.example:5000/team/page:1.2', 'registry.example:5000/team/page:1.2'],
  ['team/page:1.2', 'index.docker.io/team/page:1.2'],
])('what is built as %s is the image %s', (named, image) => {
  expect(indexBuilds(clusterOf(named))(image)).toEqual({
    context: `/work/${named}`,
    dockerfile: 'Dockerfile',
    args: {},
    declared: { file: '/work/cluster.yml', path: `images.builds.${named}` },
  });
});

test.each([
  ['page', 'page:1'],
  ['registry.example:5000/page', 'page'],
  ['registry.example:5000/page', 'registry.example/page'],
  ['page:1', `page:1@sha256:${'0'.repeat(64)}`],
])('what is built as %s is not the image %s', (named, image) => {
  expect(indexBuilds(clusterOf(named))(image)).toBeUndefined();
});

test('one image under two names is refused', () => {
  const problems = checkBuilds(clusterOf('page', 'page:1', 'docker.io/library/page:latest'));
  expect(problems.map((problem) => `${formatPlace(problem)}: ${problem.message}; ${problem.next}`)).toEqual([
    '/work/cluster.yml images.builds.docker.io/library/page:latest: docker.io/library/page:latest and page are one image, page:latest; remove one of the two',
  ]);
  expect(checkBuilds(clusterOf('page', 'page:1', 'team/page'))).toEqual([]);
});

test('a build that no service of any stack names is told of, with the name that may be meant', () => {
  const cluster = clusterOf('zocc/api-sirip', 'zocc/api-sirip-hiu', 'Team/Page:1', 'base');
  expect(
    warnOfUnusedBuilds(cluster, [stackOf('mysql:8.4'), stackOf('zocc/api-sirip-hiu', 'team/page:1')]),
  ).toEqual([
    'images.builds.zocc/api-sirip of the cluster file: no service has this image, so it is never built; did you mean zocc/api-sirip-hiu:latest?',
    'images.builds.Team/Page:1 of the cluster file: no service has this image, so it is never built; did you mean team/page:1?',
    'images.builds.base of the cluster file: no service has this image, so it is never built',
  ]);
});
