// What the page shows is what /circuits and /requests say, of a real Envoy's traffic, in a real browser.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duration, percent } from '../../src/observe/view/format.js';
import { STATE_NAMES, TRANSITIONS } from '../../src/observe/view/words.js';
import { respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import { somePort } from '../support/ports.js';
import { useMesh } from '../support/use-mesh.js';
import type { AttemptView, CircuitDetailView } from '../support/views.js';
import { type Visit, visit } from './browser.js';
import { circuitRow, mixedTraffic, notable, POLICY, requestRow, shownPaths, textOf } from './support.js';

/** On an address of its own, so that a new Sluice is found where the old one was. */
const world = useMesh(async () => ({ policy: POLICY, sluice: { http: `127.0.0.1:${await somePort()}` } }));
let seen: Visit;
let page: Page;

beforeAll(async () => {
  await mixedTraffic(world.mesh);
  seen = await visit(`http://${world.mesh.sluice.http}/`);
  page = seen.page;
  await page.locator('#connection[data-state=live]').waitFor();
});
afterAll(async () => {
  await seen[Symbol.asyncDispose]();
});

async function detail(cluster: string): Promise<CircuitDetailView & { budgetRemaining: number }> {
  return (await world.mesh.sluice.fetch(`/circuits/${cluster}`)).json();
}

describe('circuits', () => {
  it('are all there, the open one first, with state, figures, budget and mode', async () => {
    const circuits = await world.mesh.sluice.circuits();
    expect(circuits.length).toBeGreaterThanOrEqual(5);
    for (const { cluster } of circuits) {
      // Budgets refill with time, so the page may be a moment behind.
      await eventually(async () => {
        const { state, failures, requests, failureRatio, budgetRemaining } = await detail(cluster);
        const text = await textOf(circuitRow(page, cluster));
        expect(text).toContain(STATE_NAMES[state as keyof typeof STATE_NAMES]);
        expect(text).toContain(`${percent(failureRatio)} ${failures} of ${requests}`);
        expect(await circuitRow(page, cluster).locator('.budget').innerText()).toBe(
          String(Math.floor(budgetRemaining)),
        );
      });
    }
    expect(await page.locator('#circuits tbody tr').first().innerText()).toContain('slow');
    expect(await page.locator('#circuits-summary').innerText()).toBe(`${circuits.length} in all, 1 open`);
    expect(await circuitRow(page, 'provider').locator('.tag').innerText()).toBe('shadow');
    expect(await page.title()).toBe('(1) Sluice');
  });

  it('tell by shape as well as by word and colour', async () => {
    const shapeOf = (name: string) => circuitRow(page, name).locator('.shape path').getAttribute('d');
    expect(await shapeOf('slow')).not.toBe(await shapeOf('flaky'));
    expect(await shapeOf('secondary')).toBe(await shapeOf('flaky'));
  });

  it('say why they opened, and count down to the next probe', async () => {
    const now = circuitRow(page, 'slow').locator('.now');
    expect(await now.innerText()).toMatch(/^probe in (\d+ s|1 min 0 s); /);
    expect(await now.innerText()).toContain(TRANSITIONS.failure_ratio);
    const before = await now.innerText();
    await eventually(async () => expect(await now.innerText()).not.toBe(before));
  });

  it('have a bar for every result of the window', async () => {
    const bars = async (name: string, kind: string) => {
      const path = await circuitRow(page, name).locator(`.spark .${kind}`).getAttribute('d');
      return (path ?? '').split('M').length - 1;
    };
    const { requests, failures } = await world.mesh.sluice.circuit('flaky');
    expect([await bars('flaky', 'failed'), await bars('flaky', 'ok')]).toEqual([failures, requests - failures]);
    expect(await bars('slow', 'failed')).toBe(3);
  });

  it('change before the eyes when one opens, which is said aloud once', async () => {
    const before = await page.locator('#announcer').textContent();
    expect(before).toBe('');
    world.mesh.upstreams.provider.behave(respond(500));
    await world.mesh.sluice.writePolicy({
      ...POLICY,
      clusters: {
        ...POLICY.clusters,
        provider: { circuit: { mode: 'shadow', minimumRequests: 2, failureRatio: 0.1 } },
      },
    });
    await eventually(async () => {
      await world.mesh.request('/provider/fails');
      expect(await world.mesh.sluice.circuit('provider')).toMatchObject({ state: 'open' });
    });
    await eventually(async () => expect(await textOf(circuitRow(page, 'provider'))).toMatch(/^open/));
    expect(await page.locator('#announcer').textContent()).toMatch(/^provider is open, opened: /);
    expect(await page.title()).toBe('(2) Sluice');
  });
});

describe('requests', () => {
  it('are those where something happened, newest first, as /requests tells them', async () => {
    const expected = await notable(world.mesh);
    await eventually(async () => expect(await shownPaths(page)).toEqual(expected.map(({ path }) => path)));
    expect(await shownPaths(page)).not.toContain('/secondary/healthy');
    for (const { path, result, status, method } of expected.filter((each) => each.path !== '/provider/fails')) {
      const text = await textOf(requestRow(page, path).locator('summary'));
      expect(text).toContain(`${result.replace('_', ' ')} ${status}`);
      expect(text).toContain(`${method} ${path}`);
    }
  });

  it('wear a badge with the number of their retries', async () => {
    expect(await requestRow(page, '/flaky/saved').locator('.badge').innerText()).toBe('1 retry');
    expect(await requestRow(page, '/flaky/posted').locator('.badge').isVisible()).toBe(false);
  });

  it('say where they went and why they were not retried', async () => {
    expect(await textOf(requestRow(page, '/primary/stands-in'))).toContain('primary > secondary');
    const [posted] = (await notable(world.mesh)).filter(({ path }) => path === '/flaky/posted');
    expect(await textOf(requestRow(page, '/flaky/posted'))).toContain(`status, not retried: ${posted?.notRetried}`);
    expect(await textOf(requestRow(page, '/slow/refused'))).toContain('circuit_open');
  });

  it('open to a card for each attempt and one for the end, with all that /requests says', async () => {
    const [request] = (await notable(world.mesh)).filter(({ path }) => path === '/primary/stands-in');
    if (request === undefined) throw new Error('no such request');
    const row = requestRow(page, request.path);
    await row.locator('summary').click();
    const cards = row.locator('.card');
    await eventually(async () => expect(await cards.count()).toBe(request.attempts.length + 1));
    for (const [index, attempt] of request.attempts.entries()) {
      expectAttempt(await textOf(cards.nth(index)), attempt);
    }
    const end = await textOf(cards.last());
    expect(end).toContain(`result ${request.result}`);
    expect(end).toContain(`status ${request.status}`);
    expect(end).toContain(`decision ${request.decision}`);
    expect(end).toContain(`granted 1 retry`);
    expect(await row.locator('a.id').getAttribute('href')).toBe(`requests/${request.id}`);
    await row.locator('summary').click();
  });

  it('that were not retried say so at their end', async () => {
    const row = requestRow(page, '/flaky/posted');
    await row.locator('summary').click();
    const end = await textOf(row.locator('.card').last());
    expect(end).toMatch(/notRetried \w+ \w/);
    expect(end).toContain('result failure');
  });

  it('stay open while others come, and hold still while paused', async () => {
    const open = requestRow(page, '/flaky/posted').locator('details');
    world.mesh.upstreams.flaky.behave(respond(503));
    await world.mesh.request('/flaky/later', { method: 'POST' });
    await eventually(async () => expect(await shownPaths(page)).toContain('/flaky/later'));
    expect(await open.getAttribute('open')).toBe('');
    await page.getByRole('button', { name: 'Pause' }).click();
    await world.mesh.request('/flaky/unseen', { method: 'POST' });
    await eventually(async () => expect(await page.locator('#pause').innerText()).toBe('Paused, 1 new'));
    expect(await shownPaths(page)).not.toContain('/flaky/unseen');
    await page.locator('#pause').click();
    await eventually(async () => expect(await shownPaths(page)).toContain('/flaky/unseen'));
  });
});

describe('text from traffic', () => {
  const EVIL = '<img/src=x/onerror=document.title=666>';

  it('is shown as text, be it a path or the name of a target', async () => {
    await world.mesh.upstreams.poolA.refuse();
    await world.mesh.upstreams.poolB.refuse();
    await world.mesh.request(`/pool/${EVIL}`, { headers: { 'x-model': EVIL } });
    await world.mesh.upstreams.poolA.accept();
    await world.mesh.upstreams.poolB.accept();
    await eventually(async () => expect(await shownPaths(page)).toContain(`/pool/${EVIL}`));
    await eventually(async () => expect(await circuitRow(page, `pool / ${EVIL}`).count()).toBe(1));
    await requestRow(page, `/pool/${EVIL}`).locator('summary').click();
    expect(await textOf(requestRow(page, `/pool/${EVIL}`).locator('.card').first())).toContain(`target ${EVIL}`);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).not.toBe('666');
  });
});

describe('the connection', () => {
  it('that is lost is told, and comes back by itself with what happened meanwhile', async () => {
    await world.mesh.sluice.stop();
    await page.locator('#connection[data-state=lost]').waitFor();
    expect(await page.locator('#connection').innerText()).toContain('connection lost');
    await world.mesh.restartSluice();
    await page.locator('#connection[data-state=live]').waitFor();
    await eventually(async () => expect(await page.locator('#circuits tbody tr').count()).toBe(0));
    expect(await page.locator('#no-circuits').isVisible()).toBe(true);
    expect(await page.locator('#no-requests').innerText()).toContain('No request was retried');
  });
});

it('has loaded nothing from elsewhere and broken no rule of its own', () => {
  expect(new Set(seen.requested.map((url) => new URL(url).host))).toEqual(new Set([new URL(page.url()).host]));
  expect(seen.requested.length).toBeGreaterThan(10);
  const ours = seen.complaints.filter((complaint) => !complaint.includes('ERR_'));
  expect(ours).toEqual([]);
});

function expectAttempt(text: string, attempt: AttemptView): void {
  const { cluster, host, stage, error, message, status, waitMs, durationMs } = attempt;
  expect(text).toContain(`Attempt ${attempt.attempt}`);
  expect(text).toContain(`cluster ${cluster}`);
  if (host !== null) expect(text).toContain(`host ${host}`);
  expect(text).toContain(`stage ${stage}`);
  if (error !== null) expect(text).toContain(`error ${error}`);
  if (message !== null) expect(text).toContain(`message ${message}`);
  if (status !== null) expect(text).toContain(`status ${status}`);
  expect(text).toContain(`wait ${duration(waitMs)}`);
  if (durationMs !== null) expect(text).toContain(`duration ${duration(durationMs)}`);
}
