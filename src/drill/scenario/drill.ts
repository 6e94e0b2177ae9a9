/** What a drill is, as plain data: what is broken, under which load, what must hold, how it is healed. No I/O here. */

/** Which machine of the cluster a fault strikes; found when the drill begins. */
export type Where =
  /** Holds the virtual address. */
  | 'active balancer'
  /** A balancer that doesn't. */
  | 'standby balancer'
  | 'every balancer'
  /** Runs a task of the service that is drilled, and leads nothing. */
  | 'a worker'
  | 'the leader';

/** What happens. Everything that lasts heals itself on the machine after `atMostMs`, whatever becomes of us. */
export type Fault =
  /** A signal to the main program of a systemd unit; STOP is followed by CONT when the fault ends. */
  | { kind: 'signal unit'; where: Where; unit: 'haproxy' | 'keepalived'; signal: 'KILL' | 'TERM' | 'STOP' }
  /** A signal to the first program of one task's container; STOP is followed by CONT. */
  | { kind: 'signal task'; signal: 'KILL' | 'STOP'; role?: ServiceRole; count?: number }
  /** One task gets so little of a processor that it is slow. */
  | { kind: 'slow task'; processors: number }
  | { kind: 'restart unit'; where: Where; unit: 'docker' | 'haproxy' }
  /** The machine itself; only where machines can be switched off, as in the lab. */
  | { kind: 'machine'; where: Where; how: 'power off' | 'cut' | 'cut silently' | 'pause' }
  /** Packets lost on a balancer: all from the other balancers, their adverts only, or a share of everything. */
  | { kind: 'lose packets'; where: Where; which: 'between balancers' | 'adverts' | 'a fifth' }
  | { kind: 'busy processors'; where: Where; timesCores: number }
  | { kind: 'reload balancer'; where: Where; times: number }
  | { kind: 'break configuration'; where: Where }
  | { kind: 'spoof adverts'; where: Where; from: 'a worker' }
  /** What kawanan itself does, as a program of its own: the arguments are a command line's. */
  | { kind: 'run kawanan'; args: string[]; times?: number; expectExitCode?: number }
  /** The same, ended once it has printed a line with this (a regular expression), by SIGKILL or by the loss of SSH to a balancer, and run again to its end. */
  | { kind: 'kill kawanan'; args: string[]; whenPrinted: string; how: 'killed' | 'cut off' }
  /** A deploy of the drilled service whose program ends at once. */
  | { kind: 'bad deploy' }
  /** The tasks of the drilled service made anew by their update rules, as a deploy of a new image would. */
  | { kind: 'redeploy'; times: number };

/** What a service does, for drills that are about one kind of service only. */
export type ServiceRole = 'database' | 'object store';

/** What must hold; the drill's verdict is met when all of them do. */
export type Objective =
  /** Requests that failed, of those whose target does what `of` says. */
  | { figure: 'failed'; atMost: number; of?: 'reads' | 'writes' }
  /** Failed, as seconds' worth of the requests that were sent: what was under way when the fault struck. */
  | { figure: 'failed seconds'; atMost: number; of?: 'reads' | 'writes' }
  | { figure: 'longest gap'; atMostMs: number }
  /** Latency of the worst success above the median before the fault. */
  | { figure: 'added latency'; atMostMs: number }
  /** Balancers that hold the virtual address when all is healed. */
  | { figure: 'holders after'; exactly: number }
  /** Times that the virtual address moved. */
  | { figure: 'takeovers'; atMost: number }
  /** From the fault until a balancer marks the server down. */
  | { figure: 'detection'; atMostMs: number };

/** Who may be shown this: `safe` on any cluster, `disruptive` when it is allowed, `lab` where machines can be switched off. */
export type Reach = 'safe' | 'disruptive' | 'lab';

export interface Drill {
  /** In the list of faults that docs/drills.md has. */
  number: number;
  /** As it is typed. */
  name: string;
  /** One line for people. */
  title: string;
  reach: Reach;
  fault: Fault;
  /** How long the fault lasts before it is healed; 0 where it is over at once. */
  holdMs: number;
  /** How long the load goes on after that; 4,000 unless told. */
  settleMs?: number;
  /** What takes its place among all drills, where it takes too long for that. */
  brief?: Pick<Drill, 'title' | 'fault'> & Partial<Pick<Drill, 'holdMs'>>;
  objectives: Objective[];
}

/** A fault of the list that isn't drilled, and why. */
export interface Undrilled {
  number: number;
  name: string;
  title: string;
  why: string;
}
