/**
 * The compose format 3.0 to 3.13 as `docker stack deploy` checks it. Source: the format's published JSON schemas
 * (docker/cli, `cli/compose/schema`), with what its loader refuses afterwards folded in.
 */
import {
  anything,
  boolean,
  dictionary,
  either,
  list,
  listOrDictionary,
  map,
  nothing,
  objectName,
  open,
  type SchemaNode,
  string,
  textOrNumber,
} from './schema-nodes.ts';
import { serviceSchema } from './schema-service.ts';
export const newestMinor = 13;

const named = (values: SchemaNode): SchemaNode => ({
  kind: 'dictionary',
  values,
  ...objectName,
});

const external = either(boolean, map({ name: string }));
const openExternal = either(boolean, open(map({ name: string })));

const network = either(
  {
    ...map({
      attachable: [2, boolean],
      driver: string,
      driver_opts: dictionary(textOrNumber),
      external,
      internal: boolean,
      ipam: map({ driver: string, config: list(map({ subnet: string })) }),
      labels: listOrDictionary,
      name: [5, string],
    }),
    extrasSince: 7,
  },
  nothing,
);

const segments = list(open(map({ segments: listOrDictionary })));
const clusterSpec = open(
  map({
    group: string,
    access_mode: open(
      map({
        scope: string,
        sharing: string,
        block_volume: open(map({})),
        mount_volume: open(map({ fs_type: string, mount_flags: list(string) })),
      }),
    ),
    accessibility_requirements: open(map({ requisite: segments, preferred: segments })),
    capacity_range: open(map({ required_bytes: string, limit_bytes: string })),
    availability: string,
  }),
);

const volume = either(
  {
    ...map({
      driver: string,
      driver_opts: dictionary(textOrNumber),
      external,
      labels: listOrDictionary,
      name: [4, string],
      'x-cluster-spec': [10, clusterSpec],
    }),
    extrasSince: 7,
  },
  nothing,
);

const fileObject = {
  external: openExternal,
  file: string,
  labels: listOrDictionary,
  name: [5, string] as [number, SchemaNode],
  template_driver: [8, string] as [number, SchemaNode],
};

const secret: SchemaNode = {
  ...map({ ...fileObject, driver: [8, string], driver_opts: [8, dictionary(textOrNumber)] }),
  extrasSince: 7,
};

const config: SchemaNode = { ...map(fileObject), extrasSince: 7 };

/** The whole file. */
export const composeSchema: SchemaNode & { kind: 'map' } = {
  ...map({
    version: anything,
    services: named(serviceSchema),
    networks: { kind: 'dictionary', values: network },
    volumes: named(volume),
    secrets: [1, named(secret)],
    configs: [3, named(config)],
  }),
  extrasSince: 4,
};
