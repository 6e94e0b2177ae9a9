import { UserError } from '../../errors.ts';
import { cutNode, healNode, killNode, pauseNode, resumeNode, startNode } from '../../lab/faults.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Progress } from '../../plan/layer.ts';
import type { Fault } from '../scenario/drill.ts';
import { findMachines, type Stage } from '../stage.ts';
import type { ArmedFault } from './strike.ts';

type MachineFault = Extract<Fault, { kind: 'machine' }>;
type Lever = (lab: Lab, node: string, progress: Progress) => Promise<void>;

const levers: Record<MachineFault['how'], { strike: Lever; heal: Lever }> = {
  'power off': { strike: killNode, heal: startNode },
  cut: { strike: cutNode, heal: healNode },
  'cut silently': {
    strike: (lab, node, progress) => cutNode(lab, node, progress, { silent: true }),
    heal: healNode,
  },
  pause: { strike: pauseNode, heal: resumeNode },
};

/** Power, cable and processor of machines of the lab. */
export async function strikeMachines(fault: MachineFault, stage: Stage): Promise<ArmedFault> {
  const { lab } = stage;
  if (!lab)
    throw new UserError("machines can't be switched off from here: this cluster is no lab of this computer", {
      next: 'pull the plug yourself while kawanan drill probe counts',
    });
  const nodes = await findMachines(fault.where, stage);
  const { strike, heal } = levers[fault.how];
  const progress = { report: stage.report, signal: new AbortController().signal };
  const pull = async (lever: Lever): Promise<void> => {
    await Promise.all(nodes.map((node) => lever(lab, node, progress)));
  };
  return { target: nodes.join(', '), machines: nodes, strike: () => pull(strike), heal: () => pull(heal) };
}
