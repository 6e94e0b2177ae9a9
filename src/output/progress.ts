import type { Change } from '../plan/change.ts';
import type { ChangeEvent } from '../plan/run-changes.ts';
import { describeChange } from './describe-change.ts';
import { formatDuration } from './format.ts';
import { neutralise, type Terminal } from './terminal.ts';

/** Shows a group of changes while they are carried out: an outline on a terminal, plain lines elsewhere. */
export interface ProgressView {
  /** Runs `work`, showing what it says of `changes`; passes its failure on. */
  show(
    title: string,
    changes: Change[],
    work: (onEvent: (event: ChangeEvent) => void) => Promise<void>,
  ): Promise<void>;
  /** Stands still, so that a question can be read; goes on when the function that is returned is called. */
  pause(): () => void;
}

/** The view that suits the terminal. Progress goes to standard error, so that standard output stays the result. */
export function createProgressView(terminal: Terminal): ProgressView {
  return terminal.interactive ? createOutlineView() : createLineView(terminal);
}

function createLineView(terminal: Terminal): ProgressView {
  return {
    pause: () => () => {},
    show: async (title, _changes, work) => {
      await work((event) => {
        const line = renderEvent(event);
        if (line !== undefined) terminal.err(`${title}  ${line}\n`);
      });
    },
  };
}

/** One plain line for an event; none for the steps in between, which would bury the log of a pipe. */
function renderEvent(event: ChangeEvent): string | undefined {
  const what = describeChange(event.change);
  switch (event.type) {
    case 'started':
      return `${what} …`;
    case 'progress':
      return undefined;
    case 'done':
      return `${what}: done in ${formatDuration(event.elapsedMs)}`;
    case 'failed':
      return `${what}: FAILED after ${formatDuration(event.elapsedMs)}`;
    case 'skipped':
      return `${what}: not started`;
  }
}

interface Row {
  finished: Promise<void>;
  finish: (error?: unknown) => void;
  skipped: boolean;
  elapsedMs?: number;
  /** What was said last; the outline may reach the row only later. */
  latest?: string;
  show: (text: string) => void;
}

/** What the library's default renderer offers, though its types don't tell. */
interface Renderer {
  render(): Promise<void>;
  end(): void;
}

function createOutlineView(): ProgressView {
  let renderer: Renderer | undefined;
  let pause: { over: Promise<void> } | undefined;
  return {
    pause: () => {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const resume = (): void => {
        pause = undefined;
        if (renderer) void renderer.render().then(resolve);
        else resolve();
      };
      pause = { over };
      renderer?.end();
      return resume;
    },
    show: async (title, changes, work) => {
      const { Listr } = await import('listr2');
      const rows = new Map(changes.map((change) => [change.id, createRow()]));
      const outline = new Listr(
        [
          {
            title,
            task: (_context, task) =>
              task.newListr(
                changes.map((change) => ({
                  title: describeChange(change),
                  task: async (_, subtask) => {
                    const row = rows.get(change.id)!;
                    row.show = (text) => {
                      row.latest = text;
                      subtask.output = text;
                    };
                    if (row.latest !== undefined) row.show(row.latest);
                    await row.finished;
                    if (row.skipped) subtask.skip('not started');
                    else if (row.elapsedMs !== undefined)
                      subtask.title = `${describeChange(change)}  ${formatDuration(row.elapsedMs)}`;
                  },
                })),
                { concurrent: true, exitOnError: false },
              ),
          },
        ],
        {
          exitOnError: false,
          registerSignalListeners: false,
          rendererOptions: { collapseSubtasks: false, collapseErrors: false, collapseSkips: false },
        },
      );
      await pause?.over;
      const shown = outline.run();
      ({ renderer } = outline as unknown as { renderer: Renderer | undefined });
      try {
        await work(async (event) => {
          // What ends while a question stands there is told after the answer.
          if (pause) await pause.over;
          passOn(event, rows.get(event.change.id)!);
        });
      } finally {
        await pause?.over;
        for (const row of rows.values()) row.finish();
        await shown;
        renderer = undefined;
      }
    },
  };
}

function passOn(event: ChangeEvent, row: Row): void {
  if (event.type === 'progress') row.show(neutralise(event.message));
  if (event.type === 'done') {
    row.elapsedMs = event.elapsedMs;
    row.finish();
  }
  if (event.type === 'failed')
    row.finish(new Error(neutralise(event.error instanceof Error ? event.error.message : 'failed')));
  if (event.type === 'skipped') {
    row.skipped = true;
    row.finish();
  }
}

function createRow(): Row {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Nobody listens until the outline reaches the row; without this a fast failure would end the process.
  promise.catch(() => {});
  const row: Row = {
    finished: promise,
    finish: (error) => (error === undefined ? resolve() : reject(error)),
    skipped: false,
    show: (text) => {
      row.latest = text;
    },
  };
  return row;
}
