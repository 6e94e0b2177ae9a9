/** What several dashboards ask, or say of what they ask. No I/O here. */

/** A share of 1, by machine. */
export const processorsByNode = '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[1m]))';
/** A share of 1, by machine. */
export const memoryByNode = '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes';
/** By service; while an update starts new tasks first, one has more than are wanted, which makes up for no other. */
export const missingTasks = 'clamp_min(swarm_service_tasks_wanted - swarm_service_tasks_running, 0)';

/** Why a panel is empty that shows what becomes of requests. */
export const noTraffic = 'nobody sends requests';
/** Good as long as there is none. */
export const none = { below: 1 };
