import { compareServers, listDifferences, type ServerRow } from '../../balancer/describe-live.ts';
import { viewBalancers } from '../../balancer/live.ts';
import type { LiveFrontend } from '../../balancer/live-server.ts';
import { type BalancerStatus, readBalancerStatus } from '../../balancer/status.ts';
import type { CommandContext } from '../../cli.ts';
import { exitCodes } from '../../errors.ts';
import { renderTable } from '../../output/table.ts';
import { neutralise, type Terminal } from '../../output/terminal.ts';
import { type ClusterOptions, printJson } from '../session.ts';
import { openBalancers } from './find-balancers.ts';

/** What `kawanan balancer show --json` prints. */
interface BalancersShown {
  vips: BalancerStatus['vips'];
  balancers: {
    name: string;
    unreachable?: string;
    engine: string;
    engineState: string;
    keepalived: string;
    /** Virtual addresses. */
    holds: string[];
    frontends: LiveFrontend[];
  }[];
  servers: ServerRow[];
  /** Where the balancers don't agree, one line each. */
  differences: string[];
}

/** Prints the balancers as they run. Exit code 1 where one doesn't answer or they differ. */
export async function showBalancers(options: ClusterOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  await using open = await openBalancers(options, context);
  const [status, views] = await Promise.all([
    readBalancerStatus(open.cluster, open.hosts),
    viewBalancers(open.cluster, open.hosts),
  ]);
  const shown: BalancersShown = {
    vips: status.vips,
    balancers: status.nodes.map(({ name, unreachable, engine, engineState, keepalived, holds }) => {
      const view = views.find(({ balancer }) => balancer === name);
      const reason = unreachable ?? view?.unreachable;
      return {
        name,
        ...(reason !== undefined && { unreachable: reason }),
        engine,
        engineState,
        keepalived,
        holds,
        // our own page isn't the user's
        frontends: (view?.live?.frontends ?? []).filter((frontend) => frontend.name !== 'kawanan'),
      };
    }),
    servers: compareServers(views),
    differences: listDifferences(views),
  };
  if (options.json) printJson(context, shown);
  else terminal.out(renderBalancers(shown, terminal.colors));
  const silent = shown.balancers.some(({ unreachable }) => unreachable !== undefined);
  if (silent || shown.differences.length > 0) context.setExitCode(exitCodes.failed);
}

type Colors = Terminal['colors'];

function renderBalancers(shown: BalancersShown, colors: Colors): string {
  const blocks = [renderMachines(shown, colors), renderFrontends(shown), renderServers(shown, colors)];
  return [...blocks.filter((block) => block !== ''), renderVerdict(shown, colors)].join('\n');
}

function renderMachines({ balancers, vips }: BalancersShown, colors: Colors): string {
  const rows = balancers.map(({ name, unreachable, engine, engineState, keepalived, holds }) => [
    name,
    unreachable === undefined ? `${engine} ${engineState || 'not installed'}` : colors.red('does not answer'),
    keepalived,
    vips.length === 0 ? 'none' : colors.green(holds.join(' ')),
  ]);
  return renderTable(['BALANCER', 'ENGINE', 'KEEPALIVED', 'VIP'], rows);
}

function renderFrontends({ balancers }: BalancersShown): string {
  const rows = balancers.flatMap(({ name: balancer, frontends }) =>
    frontends.map(({ name, status, sessions, requests, errors }) => [
      name,
      balancer,
      status,
      ...[sessions, requests ?? '–', errors ?? '–'].map(String),
    ]),
  );
  if (rows.length === 0) return '';
  rows.sort(([a = ''], [b = '']) => a.localeCompare(b, 'en'));
  return renderTable(['FRONTEND', 'ON', 'STATE', 'SESSIONS', 'REQUESTS', 'ERRORS'], rows);
}

function renderServers({ servers, balancers }: BalancersShown, colors: Colors): string {
  if (servers.length === 0) return '';
  const names = balancers.filter(({ unreachable }) => unreachable === undefined).map(({ name }) => name);
  const rows = servers.map(({ backend, name, address, on }) => {
    const sum = (pick: (state: ServerRow['on'][string]) => number | undefined): string => {
      const counts = Object.values(on).flatMap((state) => pick(state) ?? []);
      return counts.length === 0 ? '–' : String(counts.reduce((total, count) => total + count, 0));
    };
    return [
      neutralise(`${backend}/${name}`),
      address,
      ...names.map((balancer) => describeState(on[balancer], colors)),
      sum(({ sessions, queued }) => sessions + queued),
      sum(({ errors }) => errors),
    ];
  });
  return renderTable(['SERVER', 'ADDRESS', ...names, 'SESSIONS', 'ERRORS'], rows);
}

/** A server that was drained by hand says so whether its check passes or not. */
function describeState(state: ServerRow['on'][string] | undefined, colors: Colors): string {
  if (!state) return colors.red('absent');
  if (state.admin !== 'ready') {
    // a sticky server that is drained isn't checked
    const isUnchecked = state.status.startsWith('DRAIN');
    return colors.yellow(
      `${state.admin === 'maint' ? 'in maintenance' : 'drained'} by hand${state.up || isUnchecked ? '' : ', down'}`,
    );
  }
  if (state.up) return colors.green('up');
  return colors.red(state.check === '' ? 'down' : `down (${neutralise(state.check)})`);
}

function renderVerdict({ vips, balancers, differences }: BalancersShown, colors: Colors): string {
  const silent = balancers.flatMap(({ name, unreachable }) =>
    unreachable === undefined ? [] : [`${name} does not answer: ${unreachable}`],
  );
  const lines = [...silent, ...vips.flatMap(({ problem }) => problem ?? []), ...differences];
  if (lines.length === 0)
    return `${colors.green(balancers.length === 1 ? 'the balancer answers' : 'the balancers agree')}\n`;
  return `${colors.red('not as it should be')}\n${lines.map((line) => `  ${neutralise(line)}\n`).join('')}`;
}
