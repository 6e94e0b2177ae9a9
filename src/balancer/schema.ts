import { z } from 'zod';

const portNumber = z
  .int()
  .min(1, 'a port is a number from 1 to 65535')
  .max(65535, 'a port is a number from 1 to 65535');

const duration = z
  .string()
  .regex(/^[1-9][0-9]*(ms|s|m|h|d)$/, 'a duration is a number and a unit: 500ms, 30s, 5m, 8h or 1d');

const service = z
  .union([
    z.string(),
    z
      .array(z.string())
      .min(1, 'name at least one service')
      .refine((names) => new Set(names).size === names.length, 'a service is named twice'),
  ])
  .describe('The service of the compose file that answers, or a list of services that do the same work.');

const port = portNumber.describe(
  'The published port of the service; its container port is understood too. Not needed when it publishes one port.',
);

const check = z
  .string()
  .regex(
    /^(tcp|mysql|(GET|HEAD) \/[^\s"'\\#]*)$/,
    'a check is "tcp", "mysql", or a method and a path: "GET /healthz"',
  )
  .describe('How a server shows that it can work. Without it: can a connection be made?');

const update = z
  .union([
    z.literal('blue-green'),
    z.strictObject({
      'blue-green': z.strictObject({
        port: portNumber.describe('The second published port; 10000 above the first unless told.'),
      }),
    }),
  ])
  .describe(
    'Updated by a second set of tasks on a second port, which takes over once it is well: nothing is lost, whatever the image does. Host-mode ports.',
  );

const route = z.strictObject({
  path: z
    .string()
    .regex(/^\/[A-Za-z0-9._~%/-]*$/, 'a path starts with "/" and holds letters, digits and . _ ~ % - /')
    .optional()
    .describe('Taken by this route: the path itself and all below it.'),
  host: z
    .string()
    .regex(
      /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
      'a host is a name such as www.example.org, without a port',
    )
    .optional()
    .describe('Taken by this route: requests for this host name.'),
  service,
  port: port.optional(),
  check: check.optional(),
  update: update.optional(),
});

const name = z.string().min(1, 'a name is empty');

/** What the balancers are told a method by; NGINX's own words are understood too. */
export const balanceWords = [
  'roundrobin',
  'leastconn',
  'source',
  'round_robin',
  'least_conn',
  'ip_hash',
] as const;

const certificate = {
  certificate: name.describe(
    'The secret that holds the certificate in PEM, the chain behind it; and the key too, where no key is named.',
  ),
  key: name.optional().describe('The secret that holds the private key in PEM, without a passphrase.'),
};

const tls = z
  .strictObject({
    ...certificate,
    more: z
      .array(z.strictObject(certificate))
      .min(1, 'name at least one certificate')
      .optional()
      .describe('Further certificates, for other names: the client says which name it wants (SNI).'),
    hsts: duration
      .optional()
      .describe('Browsers use https only, for this long after each answer (HSTS): 180d. Hard to take back.'),
  })
  .describe(
    'Clients speak TLS (1.2 or newer) on this port; HTTP/2 too in http mode. The servers get plain text.',
  );

const frontend = z.strictObject({
  listen: portNumber.describe(
    'The port that clients connect to, on the virtual address and on each balancer.',
  ),
  mode: z.enum(['http', 'tcp']).optional().describe('http unless told.'),
  balance: z
    .enum(balanceWords)
    .optional()
    .describe(
      'roundrobin for http and leastconn for tcp unless told; source keeps a client at one server. Also round_robin, least_conn and ip_hash, as NGINX calls them.',
    ),
  routes: z.array(route).min(1, 'name at least one route').optional(),
  service: service.optional(),
  port: port.optional(),
  check: check.optional(),
  update: update.optional(),
  redirect: z
    .literal('https')
    .optional()
    .describe(
      'Send every client to the same place at the frontend that has "tls". Nothing else is served here.',
    ),
  tls: tls.optional(),
  weights: z
    .record(z.string(), z.int().min(1, 'a weight is 1 to 100').max(100, 'a weight is 1 to 100'))
    .optional()
    .describe(
      'Shares of the work by node or service, 1 unless told: {worker1: 3} gives it three times as much.',
    ),
  backup: z
    .union([name, z.array(name).min(1, 'name at least one')])
    .optional()
    .describe('Nodes or services that get work only while no other server is up.'),
  sticky: z
    .union([
      z.boolean(),
      z.strictObject({
        cookie: z
          .string()
          .regex(/^[A-Za-z0-9_-]+$/, 'the name of a cookie is letters, digits, _ and -')
          .describe('Name of the cookie; SERVER unless told.'),
      }),
    ])
    .optional()
    .describe('A cookie keeps a browser at the server that answered it first. HAProxy only.'),
  max_body: z
    .string()
    .regex(/^[1-9][0-9]{0,6}(k|M|G)$/, 'a size is a number and a unit: 512k, 10M or 1G')
    .optional()
    .describe(
      'Largest body of a request: 512k, 10M, 1G. A larger one is answered with 413. Unlimited unless told.',
    ),
  rate_limit: z
    .strictObject({
      requests: z.int().min(1, 'at least one request').max(1_000_000, 'at most 1000000 requests'),
      per: duration.describe('1s, 1m, …'),
    })
    .optional()
    .describe('Requests that one client address may send; what is above is answered with 429.'),
  maintenance: z
    .strictObject({
      page: z
        .string()
        .min(1, 'a path is empty')
        .optional()
        .describe('HTML file, as seen from the compose file; a plain line of text without it.'),
      on: z
        .boolean()
        .optional()
        .describe('true: every request gets the page. Otherwise those that no server is up for.'),
    })
    .optional()
    .describe(
      'The page that is sent, with status 503, while no server is up or as long as it is switched on.',
    ),
  timeouts: z
    .strictObject({
      client: duration.optional().describe('A client may be silent this long: 60s for http, 8h for tcp.'),
      server: duration
        .optional()
        .describe('A server may take this long to answer: 60s for http, 8h for tcp.'),
      queue: duration.optional().describe('A request waits this long for a free server: 10s. HAProxy only.'),
      connect: duration
        .optional()
        .describe('A server must accept a connection within this: 300ms. Another one is tried then.'),
      check: duration
        .optional()
        .describe(
          'A server that has accepted a connection must answer its check within this: 300ms. Twice late, it counts as down, and what it works on is ended: give more to an application whose checks wait behind long requests. HAProxy asks checks, NGINX does not.',
        ),
      hold: duration
        .optional()
        .describe(
          'A request that comes while no server is up waits this long for one, instead of being answered with 503 at once. http mode; HAProxy does it, NGINX does not.',
        ),
      retry: duration
        .optional()
        .describe(
          'A GET that a server has not begun to answer within this time is asked of another one, three times at most: only where no answer takes as long to begin. http mode.',
        ),
    })
    .optional(),
  maxconn: z
    .int()
    .min(1, 'at least one connection')
    .optional()
    .describe(
      'Connections to one server at a time; what is above waits in a queue (HAProxy) or gets 502 (NGINX). Unlimited unless told.',
    ),
});

/** The `x-balancer` section of a compose file: frontends by name. Rules across fields are checked by `parseBalancer`. */
export const balancerSchema = z
  .record(
    z
      .string()
      .regex(
        /^[A-Za-z][A-Za-z0-9_-]*$/,
        'the name of a frontend starts with a letter and holds letters, digits, _ and -',
      ),
    frontend,
  )
  .describe(
    'Where the balancers listen and which services answer. Without it each published port is balanced as TCP.',
  );

export type BalancerInput = z.infer<typeof balancerSchema>;
export type FrontendInput = z.infer<typeof frontend>;
export type RouteInput = z.infer<typeof route>;
export type TlsInput = z.infer<typeof tls>;
