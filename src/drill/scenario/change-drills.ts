/** What kawanan and its users do themselves, while people use the service. */
import type { Drill } from './drill.ts';
import { gapAtMost, nothingLost, oneHolder } from './objectives.ts';

/** Nothing may be lost; but where machines share processors, as a lab's do, containers that start hold everything up. */
const containersStart = gapAtMost(1_000);

export const changeDrills: readonly Drill[] = [
  {
    number: 14,
    name: 'switch',
    title: 'the virtual address is moved to the other balancer, as planned',
    reach: 'safe',
    fault: { kind: 'run kawanan', args: ['balancer', 'failover', '--yes'] },
    holdMs: 0,
    objectives: [nothingLost, gapAtMost(100), oneHolder],
  },
  {
    number: 16,
    name: 'bad-configuration',
    title: 'a wrong configuration is written to the active balancer by hand and loaded',
    reach: 'disruptive',
    fault: { kind: 'break configuration', where: 'active balancer' },
    holdMs: 1_000,
    objectives: [nothingLost, { figure: 'takeovers', atMost: 0 }],
  },
  {
    number: 17,
    name: 'reloads',
    title: 'the active balancer is reloaded a hundred times',
    reach: 'safe',
    fault: { kind: 'reload balancer', where: 'active balancer', times: 100 },
    brief: {
      title: 'the active balancer is reloaded thirty times',
      fault: { kind: 'reload balancer', where: 'active balancer', times: 30 },
    },
    holdMs: 0,
    objectives: [nothingLost, { figure: 'takeovers', atMost: 0 }],
  },
  {
    number: 18,
    name: 'up-killed',
    title: 'kawanan up is killed between the two balancers, and run again',
    reach: 'safe',
    fault: {
      kind: 'kill kawanan',
      args: ['up', '--yes'],
      whenPrinted: 'configure (haproxy|nginx).*: done',
      how: 'killed',
    },
    holdMs: 0,
    objectives: [nothingLost, oneHolder],
  },
  {
    number: 30,
    name: 'redeploys',
    title: 'the application is deployed anew ten times',
    reach: 'safe',
    fault: { kind: 'redeploy', times: 10 },
    brief: { title: 'the application is deployed anew', fault: { kind: 'redeploy', times: 1 } },
    holdMs: 0,
    objectives: [nothingLost, containersStart],
  },
  {
    number: 31,
    name: 'bad-image',
    title: 'a version of the application that ends at once is deployed, and must go back',
    reach: 'safe',
    fault: { kind: 'bad deploy' },
    holdMs: 0,
    objectives: [nothingLost, containersStart],
  },
  {
    number: 32,
    name: 'rotation',
    title: 'every secret is rotated',
    reach: 'safe',
    fault: { kind: 'run kawanan', args: ['secrets', 'rotate', '--all', '--yes'] },
    holdMs: 0,
    objectives: [nothingLost, containersStart],
  },
  {
    number: 36,
    name: 'ssh-cut',
    title: 'the first balancer is out of reach of SSH in the middle of kawanan up, which is run again',
    reach: 'safe',
    fault: {
      kind: 'kill kawanan',
      args: ['up', '--yes'],
      whenPrinted: 'configure (haproxy|nginx).* …',
      how: 'cut off',
    },
    holdMs: 0,
    objectives: [nothingLost, oneHolder],
  },
];
