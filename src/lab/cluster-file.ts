import { join } from 'node:path';
import { stringify } from 'yaml';
import { baseImageReference } from './base-image.ts';
import { type Lab, type LabNetwork, labNodes } from './lab.ts';
import { cachedRelease } from './root-fs.ts';

/** Where the images of MySQL and of the object store come from: built from Debian packages, or the official ones. */
export const imageChoices = ['lab', 'official'] as const;
export type ImageChoice = (typeof imageChoices)[number];

/** Files of the lab's state folder. */
export function statePaths(
  lab: Pick<Lab, 'stateDir'>,
): Record<'cluster' | 'key' | 'knownHosts' | 'secrets', string> {
  return {
    cluster: join(lab.stateDir, 'cluster.yml'),
    key: join(lab.stateDir, 'id_ed25519'),
    knownHosts: join(lab.stateDir, 'known_hosts'),
    secrets: join(lab.stateDir, 'secrets.yml'),
  };
}

/** The cluster file of a lab, as any user could have written it for machines of their own. */
export function renderClusterFile(lab: Lab, network: LabNetwork, images: ImageChoice): string {
  const paths = statePaths(lab);
  const stackDir = join(lab.projectDir, 'stacks', 'sirip-hiu');
  // The official images are the stack's own choice; the lab's are a second compose file over it.
  const files = [
    join(stackDir, 'compose.yml'),
    ...(images === 'lab' ? [join(stackDir, 'compose.lab.yml')] : []),
  ];
  const nodes = labNodes.map((node) => {
    const labels = Object.keys(node.labels).length > 0 ? { labels: node.labels } : {};
    return [node.name, { address: network.addresses[node.name], role: node.role, ...labels }];
  });
  const document = {
    name: 'lab',
    ssh: { user: 'root', key: paths.key, known_hosts: paths.knownHosts },
    nodes: Object.fromEntries(nodes),
    balancer: { engine: 'haproxy', vip: `${network.vip}/${network.prefixLength}` },
    stack: { name: 'sirip-hiu', file: files.length === 1 ? files[0] : files },
    secrets: paths.secrets,
    images: {
      // The stack's images are built from this one, whatever release the machines run.
      archives: { [baseImageReference('trixie')]: cachedRelease(lab.cacheDir, 'trixie').imageFile },
      cache: join(lab.cacheDir, 'images'),
    },
  };
  return `# Written by kawanan lab up; gone after kawanan lab down.\n${stringify(document, { lineWidth: 0 })}`;
}
