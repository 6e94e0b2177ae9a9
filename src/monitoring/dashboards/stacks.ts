import { type Dashboard, drawLines } from './dashboard.ts';
import { missingTasks } from './shared-queries.ts';

/** What containers use, under the names of their services. */
function ofServices(expr: string): string {
  return `sum by (stack, service) (${expr} * on (id, node) group_left (stack, service) swarm_task_info)`;
}

/** Services and tasks, and what their containers use. */
export const stacks: Dashboard = {
  name: 'stacks',
  title: 'Stacks',
  panels: [
    drawLines('Tasks running', 'short', {
      expr: 'swarm_service_tasks_running',
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Tasks missing', 'short', {
      expr: missingTasks,
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Tasks that failed within five minutes', 'short', {
      expr: 'increase(swarm_service_task_failures_total[5m])',
      legend: '{{stack}} {{service}}',
    }),
    {
      title: 'Updates',
      kind: 'states',
      unit: 'short',
      // 1 is green: an update that was taken back, or that stopped, is no good state
      queries: [
        {
          expr: 'swarm_service_update_state{state!~"rollback_.*|paused"} or swarm_service_update_state * 0',
          legend: '{{stack}} {{service}}: {{state}}',
        },
      ],
    },
    drawLines('Hours since the last change', 'h', {
      expr: '(time() - swarm_service_updated_timestamp_seconds) / 3600',
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Processors', 'short', {
      expr: ofServices('rate(container_cpu_seconds_total[1m])'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Memory', 'bytes', {
      expr: ofServices('container_memory_working_set_bytes'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Written to disks', 'Bps', {
      expr: ofServices('rate(container_written_bytes_total[1m])'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Processes', 'short', {
      expr: ofServices('container_processes'),
      legend: '{{stack}} {{service}}',
    }),
    drawLines('Days since secrets were made', 'd', {
      expr: '(time() - swarm_secret_created_timestamp_seconds) / 86400',
      legend: '{{secret}}',
    }),
  ],
};
