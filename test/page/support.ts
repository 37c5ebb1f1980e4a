// What the tests of the page need: a mesh with traffic of every kind that the page shows, and ways to read what it shows.

import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import type { Mesh } from '../support/mesh.js';
import { settled } from '../support/settled.js';
import type { RequestView } from '../support/views.js';

export const TOKEN = 'a-token-for-tests';

export const POLICY = {
  defaults: {
    circuit: { failureRatio: 1, minimumRequests: 1000, open: { base: '60s', max: '5m', jitter: 0 } },
    retry: { maxRetries: 1 },
  },
  clusters: {
    slow: { circuit: { minimumRequests: 3 } },
    flaky: { retry: { judge: true, statuses: [503] } },
    primary: { fallback: ['secondary'] },
    provider: { circuit: { mode: 'shadow' } },
    pool: { key: { header: 'x-model', max: 8 } },
  },
};

/** One request of each kind: saved by a retry, not retried, refused by a circuit, and healthy. */
export async function mixedTraffic(mesh: Mesh): Promise<void> {
  const { flaky, primary, slow } = mesh.upstreams;
  flaky.behave((_request, index) => respond(index === 0 ? 503 : 200));
  await mesh.request('/flaky/saved');
  flaky.behave(respond(503));
  await mesh.request('/flaky/posted', { method: 'POST', body: 'x' });
  await primary.refuse();
  await mesh.request('/primary/stands-in');
  await primary.accept();
  slow.behave(respond(500));
  for (const path of ['one', 'two', 'three']) await mesh.request(`/slow/${path}`);
  await eventually(async () => expect(await mesh.sluice.circuit('slow')).toMatchObject({ state: 'open' }));
  await mesh.request('/slow/refused');
  for (let count = 0; count < 5; count++) await mesh.request('/secondary/healthy');
  await mesh.request('/provider/healthy');
  await settled(mesh);
}

export function circuitRow(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
}

export function requestRow(page: Page, path: string): Locator {
  return page.locator('#request-rows > li').filter({ has: page.getByText(path, { exact: true }) });
}

/** Paths in the order in which they are shown. */
export function shownPaths(page: Page): Promise<string[]> {
  return page.locator('#request-rows .path').allTextContents();
}

/** The text of an element without the spaces between its parts. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.innerText()).replace(/\s+/g, ' ').trim();
}

/** Those that the page is to show, newest first. */
export async function notable(mesh: Mesh, query = ''): Promise<RequestView[]> {
  const { requests } = (await (await mesh.sluice.fetch(`/requests${query}`)).json()) as { requests: RequestView[] };
  return requests.filter(({ attempts, result, decision, reason }) => {
    return attempts.length > 1 || result !== 'success' || decision !== 'admit' || reason !== null;
  });
}
