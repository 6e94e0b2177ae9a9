import { z } from 'zod';
import { engineNames } from './engine-name.ts';
import { ipv4Pattern, ipv4SubnetPattern } from './ipv4.ts';

export const hostnamePattern =
  /^(?=.{1,253}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
const path = (what: string) =>
  z.string().min(1, 'a path is empty').describe(`${what}; relative to this file, ~ is your home`);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Whether the port of `user@host:port` is one; without any it is that of ~/.ssh/config. */
function hasPort(hop: string): boolean {
  const [, port] = /:(\d+)$/.exec(hop) ?? [];
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
}

const ssh = z.strictObject({
  user: z
    .string()
    .regex(/^[^\s@:]+$/, 'not a user name')
    .optional()
    .describe('root, or a user with passwordless sudo; root unless ~/.ssh/config says otherwise'),
  port: z
    .int('a whole number expected')
    .min(1, 'a port is 1 to 65535')
    .max(65535, 'a port is 1 to 65535')
    .optional()
    .describe('22 unless ~/.ssh/config says otherwise'),
  key: path('private key; without it the agent and the keys of ~/.ssh decide').optional(),
  jump: z
    .string()
    .regex(/^[^\s/]+$/, 'written as user@host:port, or a name of ~/.ssh/config')
    .refine((text) => text.split(',').every(hasPort), 'a port is 1 to 65535')
    .optional()
    .describe('machine to go through: user@host:port, or a name of ~/.ssh/config'),
  known_hosts: path(
    'file where host keys are looked up and recorded; ~/.ssh/known_hosts by default',
  ).optional(),
});

const virtualAddress = z
  .string()
  .regex(ipv4SubnetPattern, 'not an address with its prefix length, such as 192.168.1.20/24');

const node = z.strictObject({
  address: z
    .string()
    .regex(ipv4Pattern, 'not an IPv4 address, such as 192.168.1.13')
    .describe('IPv4 address that the other nodes and this computer reach it by'),
  role: z.enum(['manager', 'worker', 'balancer']),
  labels: z
    .record(
      z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]*$/, 'a label is letters, digits, dots and dashes'),
      scalar,
    )
    .optional()
    .describe('labels of the swarm node, for placement constraints'),
  availability: z
    .enum(['active', 'pause', 'drain'])
    .optional()
    .describe('whether swarm gives it tasks; active by default'),
  ssh: ssh.optional().describe('how to reach this node, where it differs'),
});

const milliseconds = z
  .string()
  .regex(/^[1-9]\d{0,6}(ms|s)$/, 'a duration is a number with ms or s: 500ms, 2s');

const stackName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/, 'a stack name is letters, digits, dashes and underscores');
const composeFiles = z
  .union([path('compose file'), z.array(path('compose file')).min(1, 'the list of compose files is empty')])
  .describe('the compose file, or several that are merged in order');
const keepRevisions = z
  .int()
  .min(1, 'at least the newest revision is kept')
  .max(1000)
  .optional()
  .describe('how many applied states are kept in the swarm for kawanan rollback; 10 unless told');

/** What `cluster.yml` may hold; what depends on several places of it is in cluster-rules.ts. */
export const clusterSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 'a name is letters, digits, dots, dashes and underscores')
    .describe('what this cluster is called in messages'),
  ssh: ssh.optional().describe('how to reach the nodes'),
  // The names are checked by cluster-rules.ts: a record with a bad key would not check what stands under it.
  nodes: z.record(z.string(), node).meta({
    description: 'the machines, by the host name they get',
    propertyNames: { type: 'string', pattern: hostnamePattern.source },
  }),
  balancer: z
    .strictObject({
      engine: z.enum(engineNames).optional().describe('the program that balances; haproxy unless told'),
      statistics: z
        .enum(['address', 'loopback'])
        .optional()
        .describe(
          "where a balancer's statistics and metrics can be read: at its own address (unless told), never at the virtual one; or on the machine itself only",
        ),
      vip: z
        .union([virtualAddress, z.array(virtualAddress).min(1, 'the list of virtual addresses is empty')])
        .optional()
        .describe(
          'virtual address that clients use, with the prefix length of its network: 192.168.1.20/24; or a list of several, each preferred by another balancer',
        ),
      failover: z
        .enum(['safe', 'fast'])
        .optional()
        .describe(
          'how soon another balancer takes over from one that is gone: safe within 350 ms; fast within 120 ms, on machines that always have CPU time',
        ),
      failback: z
        .union([
          z.enum(['manual', 'auto']),
          z.strictObject({
            after: z
              .string()
              .regex(/^[1-9][0-9]{0,3}(s|m)$/, 'a delay is seconds or minutes: 60s, 5m')
              .describe('how long it must have been well before it takes the address again: 60s, 5m'),
          }),
        ])
        .optional()
        .describe(
          'whether a balancer that came back takes its address again: manual (unless told) when kawanan balancer failback says so; auto after 60 s; {after: 5m} after that long',
        ),
    })
    .optional(),
  stack: z
    .strictObject({ name: stackName, file: composeFiles, keep_revisions: keepRevisions })
    .optional()
    .describe('what runs on the cluster'),
  stacks: z
    .record(
      stackName,
      z.union([composeFiles, z.strictObject({ file: composeFiles, keep_revisions: keepRevisions })]),
    )
    .optional()
    .describe('instead of stack, where several run on the cluster: name → compose file, or {file: …}'),
  secrets: z
    .union([
      path('where the values of the secrets come from'),
      z.strictObject({
        file: path('where the values of the secrets come from'),
        keep: z
          .int()
          .min(0)
          .max(100)
          .optional()
          .describe(
            'how many older versions of each secret stay although nothing uses them; none unless told',
          ),
      }),
    ])
    .optional(),
  receipt: z
    .union([
      z.literal(false),
      z.strictObject({
        rate: z.int().min(1).max(5000).optional().describe('requests a second; 100 unless told'),
        targets: path('YAML list of what is sent; without it each route is read').optional(),
        keep: path('folder in which receipts are kept, with every request').optional(),
        failed: z.int().min(0).optional().describe('how many requests may fail; none unless told'),
        gap: milliseconds.optional().describe('longest time without a success: 500ms, 2s'),
        p99: milliseconds.optional().describe('what 99 % of the answers may take'),
        worst: milliseconds.optional().describe('what the slowest answer may take'),
      }),
    ])
    .optional()
    .describe(
      'what a change may cost its clients; over this budget the command fails. false: changes are made without load',
    ),
  images: z
    .strictObject({
      archives: z
        .record(z.string(), path('archive made by docker save'))
        .optional()
        .describe('images that come from an archive instead of a registry: image name → path'),
      builds: z
        .record(z.string(), path('folder with a Dockerfile'))
        .optional()
        .describe(
          'images that are built, as build: of a compose file has it, where that file only names them: image name → folder',
        ),
      cache: path('folder on this computer where built images are kept').optional(),
    })
    .optional(),
  variables: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable is letters, digits and underscores'),
      scalar,
    )
    .optional()
    .describe('values for ${NAME} in the compose file'),
});

export type ClusterInput = z.infer<typeof clusterSchema>;
