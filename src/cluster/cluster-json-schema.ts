import { z } from 'zod';
import { clusterSchema } from './cluster-schema.ts';

/** The JSON schema of `cluster.yml`, for editors. */
export function buildClusterJsonSchema(): object {
  return {
    ...z.toJSONSchema(clusterSchema, { io: 'input' }),
    title: 'kawanan cluster file',
    description: 'The machines of a cluster and how to reach them. See docs/cluster-file.md.',
  };
}
