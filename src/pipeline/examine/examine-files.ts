import { InputError } from '../../errors.ts';
import { formatCount } from '../../output/format.ts';
import { type Finding, findProblem } from '../finding.ts';
import { type Inputs, type LoadOptions, loadInputs } from '../inputs.ts';

/** All that is found about the files; the inputs too, where nothing in them is broken. */
export async function examineFiles(options: LoadOptions): Promise<{ findings: Finding[]; inputs?: Inputs }> {
  try {
    const inputs = await loadInputs({ ...options, writeSecrets: false });
    const warnings = [
      ...inputs.cluster.warnings,
      ...inputs.stacks.flatMap(({ definition }) => definition.warnings),
    ];
    const findings = warnings.map((message): Finding => ({ verdict: 'warning', about: 'files', message }));
    return {
      inputs,
      findings: [...findings, { verdict: 'ok', about: 'files', message: describeFiles(inputs) }],
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { findings: error.problems.map(findProblem) };
  }
}

function describeFiles({ cluster, stacks }: Inputs): string {
  const count = stacks.reduce((sum, { definition }) => sum + definition.services.length, 0);
  const services =
    stacks.length === 0
      ? 'no stack'
      : `${formatCount(count, 'service')}${stacks.length > 1 ? ` in ${stacks.length} stacks` : ''}`;
  return `the files are right: ${formatCount(cluster.nodes.length, 'node')}, ${services}`;
}
