import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

// Debian's Chromium otherwise looks up its maker's servers at each start.
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page of a headless Chromium with an empty profile, gone when `work` is done. */
export async function withPage<T>(work: (page: Page) => Promise<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), 'kawanan-browser-'));
  let browser: BrowserContext | undefined;
  try {
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: quiet,
      chromiumSandbox: false,
      viewport: { width: 1200, height: 900 },
    });
    return await work(browser.pages()[0] ?? (await browser.newPage()));
  } finally {
    await browser?.close();
    await rm(profile, { recursive: true, force: true });
  }
}
