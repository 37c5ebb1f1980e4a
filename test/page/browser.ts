// Chromium for the tests of the page, on the policy of a careful browser: it tells every request it makes and every
// complaint it has.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { chromiumBinary } from '../support/chromium.js';

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Text is drawn the same on every machine, as far as its fonts allow.
  '--font-render-hinting=none',
];

export interface Look extends Pick<BrowserContextOptions, 'viewport' | 'colorScheme' | 'reducedMotion' | 'hasTouch'> {}

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** URLs of all requests so far. */
  readonly requested: readonly string[];
  /** Errors, warnings and violations of the content policy, as the console told them. */
  readonly complaints: readonly string[];
}

/** A browser of its own with an empty profile, at this address. */
export async function visit(url: string, look: Look = {}): Promise<Visit> {
  const profile = await mkdtemp(join(tmpdir(), 'sluice-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: await chromiumBinary(),
    headless: true,
    args: QUIET,
    viewport: { width: 1200, height: 800 },
    ...look,
  });
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...(await watched(context, url)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function watched(context: BrowserContext, url: string): Promise<Omit<Visit, keyof AsyncDisposable>> {
  const page = context.pages()[0] ?? (await context.newPage());
  const requested: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requested.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`content policy: ${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(url);
  return { page, requested, complaints };
}
