import { z } from 'zod';

const portNumber = z
  .int()
  .min(1, 'a port is a number from 1 to 65535')
  .max(65535, 'a port is a number from 1 to 65535');

const duration = z
  .string()
  .regex(/^[1-9][0-9]*(ms|s|m|h|d)$/, 'a duration is a number and a unit: 500ms, 30s, 5m, 8h or 1d');

const service = z
  .union([z.string(), z.array(z.string()).min(1, 'name at least one service')])
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
});

const frontend = z.strictObject({
  listen: portNumber.describe(
    'The port that clients connect to, on the virtual address and on each balancer.',
  ),
  mode: z.enum(['http', 'tcp']).optional().describe('http unless told.'),
  balance: z
    .enum(['roundrobin', 'leastconn', 'source'])
    .optional()
    .describe('roundrobin for http and leastconn for tcp unless told; source keeps a client at one server.'),
  routes: z.array(route).min(1, 'name at least one route').optional(),
  service: service.optional(),
  port: port.optional(),
  check: check.optional(),
  timeouts: z
    .strictObject({
      client: duration.optional().describe('A client may be silent this long: 60s for http, 8h for tcp.'),
      server: duration
        .optional()
        .describe('A server may take this long to answer: 60s for http, 8h for tcp.'),
      queue: duration.optional().describe('A request waits this long for a free server: 10s.'),
    })
    .optional(),
  maxconn: z
    .int()
    .min(1, 'at least one connection')
    .optional()
    .describe('Connections to one server at a time; what is above waits in a queue. Unlimited unless told.'),
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
