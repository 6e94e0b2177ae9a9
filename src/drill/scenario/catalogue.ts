/** The drills there are, and the faults that no drill makes. */
import { applicationDrills } from './application-drills.ts';
import { balancerDrills } from './balancer-drills.ts';
import { changeDrills } from './change-drills.ts';
import type { Drill, Undrilled } from './drill.ts';

/** In the order of the list of faults. */
export const drills: readonly Drill[] = [...balancerDrills, ...applicationDrills, ...changeDrills].toSorted(
  (a, b) => a.number - b.number,
);

/** Faults of the list that no drill makes, with the reason. */
export const undrilled: readonly Undrilled[] = [
  {
    number: 13,
    name: 'clock',
    title: 'a clock is an hour wrong',
    why: "machines of a lab share this computer's clock, and on a cluster of one's own tokens and certificates would fail",
  },
  {
    number: 21,
    name: 'task-fails',
    title: 'the application answers 500 while its check passes',
    why: 'needs an application that can be told to',
  },
  {
    number: 29,
    name: 'disk-full',
    title: "a balancer's disk is full",
    why: "disks of a lab's machines are this computer's disk",
  },
  {
    number: 33,
    name: 'idle-connection',
    title: 'a connection to the database is idle for 900 s',
    why: 'takes a quarter of an hour and needs a client of the database',
  },
  {
    number: 34,
    name: 'certificate-replaced',
    title: 'the certificate is replaced',
    why: 'test/e2e/balancer-engines.test.ts does it: it needs a frontend with TLS',
  },
];
