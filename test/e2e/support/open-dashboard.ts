/** The dashboard as a user sees it: the real command, its page in a headless Chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { projectDir } from './kawanan.ts';
import { withPage } from './open-browser.ts';

export interface OpenedDashboard {
  page: Page;
  /** Ends the command as Ctrl-C does; its exit code. */
  end(): Promise<number | null>;
}

const patienceMs = 90_000;

/**
 * Opens the dashboard of a cluster for as long as `work` takes. Fails where the page complained on its console while
 * kawanan ran, or asked for anything that isn't on this computer.
 */
export async function openDashboard(
  file: string,
  work: (dashboard: OpenedDashboard) => Promise<void>,
): Promise<void> {
  const child = spawn(join(projectDir, 'bin/kawanan'), ['dashboard', '--file', file], {
    cwd: projectDir,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const end = async (): Promise<number | null> => {
    child.kill('SIGINT');
    return (await exited)[0];
  };
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    await withPage(async (page) => {
      const complaints: string[] = [];
      const complain = (text: string): void => {
        if (child.exitCode === null) complaints.push(text);
      };
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complain(message.text());
      });
      page.on('pageerror', (error) => complain(String(error)));
      page.on('request', (request) => {
        if (new URL(request.url()).hostname !== '127.0.0.1') complain(`asked for ${request.url()}`);
      });
      await page.goto(url);
      let ended: Promise<number | null> | undefined;
      await work({
        page,
        end: () => {
          // What the page says of its connection from now on is what it should.
          page.removeAllListeners('console');
          ended ??= end();
          return ended;
        },
      });
      expect(complaints).toEqual([]);
    });
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

/** Waits until an element has these attributes; null: until it hasn't. */
export async function shows(
  page: Page,
  selector: string,
  attributes: Record<string, string | null>,
): Promise<void> {
  const read = async (): Promise<Record<string, string | null>> => {
    const element = page.locator(selector);
    const names = Object.keys(attributes);
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await element.getAttribute(name)] as const)),
    );
  };
  await expect.poll(read, { timeout: patienceMs, interval: 100 }).toEqual(attributes);
}
