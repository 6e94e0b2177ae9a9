/** HAProxy's `show stat` as data. No I/O here. */

export interface ServerState {
  name: string;
  /** `UP`, `DOWN`, `NOLB`, `DRAIN`, `MAINT`, `no check`, or on its way: `UP 1/2`. */
  status: string;
  /** What the last check saw, e.g. `L7OK/200` or `L4CON`. */
  check: string;
  address: string;
  /** Seconds since the status last changed. */
  sinceSeconds: number;
  currentSessions: number;
  up: boolean;
}

export interface BackendState {
  name: string;
  status: string;
  servers: ServerState[];
}

/** Each line of `show stat` as a function from a column's name to its field. */
export function readStatisticsRows(csv: string): ((column: string) => string)[] {
  const [header, ...lines] = csv.split('\n').filter((line) => line.trim() !== '');
  if (header === undefined) return [];
  const names = splitCsvLine(header.replace(/^# /, ''));
  return lines.map((line) => {
    const fields = splitCsvLine(line);
    return (name) => fields[names.indexOf(name)] ?? '';
  });
}

/** The backends that have servers, in HAProxy's order. Source: HAProxy management guide, 9.1 "CSV format". */
export function parseStatistics(csv: string): BackendState[] {
  const backends: BackendState[] = [];
  for (const field of readStatisticsRows(csv)) {
    const backend = field('pxname');
    let entry = backends.find((one) => one.name === backend);
    if (!entry) {
      entry = { name: backend, status: '', servers: [] };
      backends.push(entry);
    }
    if (field('svname') === 'BACKEND') entry.status = field('status');
    else if (field('svname') !== 'FRONTEND') entry.servers.push(readServer(field));
  }
  return backends.filter((entry) => entry.servers.length > 0);
}

function readServer(field: (name: string) => string): ServerState {
  const status = readServerStatus(field);
  const code = field('check_code');
  return {
    name: field('svname'),
    status,
    check: `${field('check_status').replace(/^\* /, '')}${code ? `/${code}` : ''}`,
    address: field('addr'),
    sinceSeconds: Number(field('lastchg')) || 0,
    currentSessions: Number(field('scur')) || 0,
    up: /^(UP|no check)/.test(status),
  };
}

/** Whether a line is that of a server whose clients come back with a cookie. */
export function isStickyRow(field: (name: string) => string): boolean {
  return field('cookie') !== '';
}

/** A server's status; a sticky one in maintenance is drained, for that is how those are. */
export function readServerStatus(field: (name: string) => string): string {
  const status = field('status');
  return isStickyRow(field) ? status.replace(/^MAINT/, 'DRAIN') : status;
}

/** The fields of one line; quoted ones may hold commas and doubled quotes. */
export function splitCsvLine(line: string): string[] {
  const fields: string[] = [];
  const pattern = /("(?:[^"]|"")*"|[^,]*)(,|$)/g;
  for (const match of line.matchAll(pattern)) {
    const [, raw = '', separator] = match;
    fields.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (separator === '') break;
  }
  return fields;
}
