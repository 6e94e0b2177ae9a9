/** Which metrics a query rests on, and why some aren't there on every cluster. Pure. */

const words = new Set([
  ...['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan', 'by', 'without', 'on', 'ignoring'],
  ...['group_left', 'group_right', 'start', 'end'],
]);

/** The names of the metrics in a PromQL expression, each once, in order. */
export function listMetrics(expr: string): string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const names = [...bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])/g)].map(([, name]) => name!);
  return [...new Set(names.filter((name) => !words.has(name)))];
}

/** Beginnings of names of metrics that some clusters don't have → why. */
const reasons: readonly (readonly [string, string])[] = [
  ['haproxy_', 'the balancers run another engine, or keep their statistics to themselves'],
  ['kawanan:backend_', 'the balancers run another engine, or keep their statistics to themselves'],
  ['kawanan:frontend_', 'the balancers run another engine, or nobody sends requests'],
  ['nginx_', 'the balancers run another engine, or keep their statistics to themselves'],
  ['mysql_', 'no service with the label kawanan.metrics tells of MySQL'],
  ['minio_s3_requests_errors', 'no request to the store has failed, or it is a stand-in that counts none'],
  ['minio_s3_', 'no service tells of MinIO, or it is a stand-in that counts no requests'],
  [
    'minio_cluster_capacity',
    'no service tells of MinIO, or it is a stand-in that has no figures of its space',
  ],
  ['minio_', 'no service with the label kawanan.metrics tells of MinIO'],
  ['http_request', 'no service with the label kawanan.metrics counts its requests'],
  ['probe_ssl', 'no frontend has a certificate'],
  ['probe_', 'the balancers have no frontend'],
  ['kawanan:vip_holders', 'the balancers have no frontend'],
  ['swarm_service_update_state', 'no service was updated yet'],
  ['ALERTS', 'no alert has fired yet'],
];

/** Why a metric isn't there; `undefined` where it ought to be. */
export function explainAbsence(metric: string): string | undefined {
  return reasons.find(([beginning]) => metric.startsWith(beginning))?.[1];
}
