/** Puts every query of dashboards and rules to the running Prometheus. */
import { UserError } from '../errors.ts';
import { countSamples, readSeries } from '../monitoring/answers.ts';
import { listQueries } from '../monitoring/dashboards/all.ts';
import { historyQueries } from '../monitoring/history.ts';
import { type AskedQuery, judgeQuery, type QueryVerdict } from '../monitoring/judge-query.ts';

/** The data of an answer of Prometheus' HTTP API. @throws UserError where it refuses. */
export type Ask = (path: string, form?: string) => Promise<unknown>;

interface RawRules {
  groups: { rules: { type: string; name: string; query: string; health: string; lastError?: string }[] }[];
}

/** One series a metric. */
export const presentMetrics = 'group by (__name__) ({__name__=~".+"})';

/** As many questions at a time: each is a program in the container. */
const atOnce = 4;

/** One verdict a query: panels in the order of their dashboards, then rules. */
export async function checkQueries(ask: Ask): Promise<QueryVerdict[]> {
  // those of now: the list of all names has what was asked weeks ago, too
  const present = readSeries(await ask('/api/v1/query', `query=${encodeURIComponent(presentMetrics)}`));
  const names = new Set(present.map(({ labels }) => labels['__name__']));
  const { groups } = (await ask('/api/v1/rules')) as RawRules;
  const panels = listQueries().map(({ dashboard, panel, expr }) => ({
    group: dashboard,
    name: panel.title,
    query: expr,
    ...(panel.emptyWhen !== undefined && { emptyWhen: panel.emptyWhen }),
  }));
  const pageCharts = historyQueries.map(({ title, expr }) => ({
    group: 'kawanan dashboard',
    name: title,
    query: expr,
  }));
  const rules = groups
    .flatMap((group) => group.rules)
    .map(({ type, name, query, health, lastError }) => ({
      group: type === 'alerting' ? 'alerts' : 'records',
      name,
      query,
      emptyWhen: type === 'alerting' ? 'it does not fire' : 'nobody sends requests',
      ...(health === 'err' && { refused: lastError ?? 'it fails' }),
    }));
  const questions: (Omit<AskedQuery, 'answer'> & { refused?: string })[] = [
    ...panels,
    ...pageCharts,
    ...rules,
  ];
  const asked: AskedQuery[] = [];
  for (let index = 0; index < questions.length; index += atOnce)
    asked.push(...(await Promise.all(questions.slice(index, index + atOnce).map(put))));
  return asked.map((one) => judgeQuery(one, (metric) => names.has(metric)));

  async function put({ refused, ...question }: (typeof questions)[number]): Promise<AskedQuery> {
    if (refused !== undefined) return { ...question, answer: { refused } };
    try {
      const data = await ask('/api/v1/query', `query=${encodeURIComponent(question.query)}`);
      return { ...question, answer: countSamples(data) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { ...question, answer: { refused: error.message } };
    }
  }
}
