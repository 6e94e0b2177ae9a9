/** The programs that can do the balancing. No I/O here. */

export const engineNames = ['haproxy', 'nginx'] as const;
export type EngineName = (typeof engineNames)[number];

/** As their makers write them. */
export const engineTitles: Record<EngineName, string> = { haproxy: 'HAProxy', nginx: 'NGINX' };
