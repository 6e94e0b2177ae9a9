/** HAProxy's servers and frontends with their figures, from `show stat` and `show servers state`. No I/O here. */
import type { LiveBalancer } from '../live-server.ts';
import { isStickyRow, readServerStatus, readStatisticsRows } from './stats.ts';
import { readAdminState } from './sticky.ts';

/** One look at a running HAProxy. Source: HAProxy management guide, "CSV format" and "show servers state" (version 1). */
export function parseLiveBalancer(statistics: string, serverStates: string): LiveBalancer {
  const admin = parseAdminStates(serverStates);
  const live: LiveBalancer = { frontends: [], servers: [] };
  for (const field of readStatisticsRows(statistics)) {
    const count = (...names: string[]): number =>
      names.reduce((sum, name) => sum + (Number(field(name)) || 0), 0);
    const [backend, name] = [field('pxname'), field('svname')];
    if (name === 'FRONTEND')
      live.frontends.push({
        name: backend,
        status: field('status'),
        sessions: count('scur'),
        requests: count('req_tot') || count('stot'),
        errors: count('ereq'),
      });
    else if (name !== 'BACKEND') {
      const code = field('check_code');
      const status = readServerStatus(field);
      const sticky = isStickyRow(field);
      const state = admin.get(`${backend}/${name}`);
      live.servers.push({
        backend,
        name,
        address: field('addr'),
        admin: readAdminState(state?.bits ?? 0, sticky),
        up: state?.running ?? /^(UP|no check|DRAIN)/.test(status),
        status,
        check: `${field('check_status').replace(/^\* /, '')}${code ? `/${code}` : ''}`,
        weight: count('weight'),
        sessions: count('scur'),
        queued: count('qcur'),
        errors: count('econ', 'eresp'),
        ...(sticky && { sticky }),
      });
    }
  }
  return live;
}

/** `srv_op_state`: stopped, starting, running, stopping (a check that answered 404). */
const running = 2;

function parseAdminStates(text: string): Map<string, { bits: number; running: boolean }> {
  const states = new Map<string, { bits: number; running: boolean }>();
  const [version, header = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  if (version?.trim() !== '1') return states;
  const columns = header.replace(/^# /, '').split(' ');
  for (const line of lines) {
    const fields = line.split(' ');
    const field = (name: string): string => fields[columns.indexOf(name)] ?? '';
    states.set(`${field('be_name')}/${field('srv_name')}`, {
      bits: Number(field('srv_admin_state')),
      running: Number(field('srv_op_state')) === running,
    });
  }
  return states;
}
