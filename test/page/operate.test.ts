// What can be done on the page: filter, share a view, set a circuit by hand; with a mouse, with the keyboard alone, and
// without any right to write.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { useMesh } from '../support/use-mesh.js';
import { type Visit, visit } from './browser.js';
import { circuitRow, mixedTraffic, notable, POLICY, shownPaths, TOKEN } from './support.js';

const world = useMesh({ policy: POLICY, sluice: { env: { SLUICE_ADMIN_TOKEN: TOKEN } } });
let seen: Visit;
let page: Page;

beforeAll(async () => {
  await mixedTraffic(world.mesh);
  seen = await visit('about:blank');
  page = seen.page;
});
afterAll(async () => {
  await seen[Symbol.asyncDispose]();
});
beforeEach(() => open());

async function open(search = ''): Promise<void> {
  await page.goto(`http://${world.mesh.sluice.http}/${search}`);
  await page.locator('#connection[data-state=live]').waitFor();
}

/** Until the page shows just what /requests gives for this query. */
async function showsWhat(query: string): Promise<void> {
  const expected = (await notable(world.mesh, query)).map(({ path }) => path);
  expect(expected.length).toBeGreaterThan(0);
  await eventually(async () => expect(await shownPaths(page)).toEqual(expected));
}

const search = () => new URL(page.url()).search;
const menu = (name: string) => page.getByRole('combobox', { name, exact: true });

describe('filters', () => {
  it('show what /requests gives for them, and are in the address', async () => {
    await menu('Cluster').selectOption('flaky');
    await showsWhat('?cluster=flaky');
    expect(search()).toBe('?cluster=flaky');
    await menu('Result').selectOption('failure');
    await showsWhat('?cluster=flaky&result=failure');
    expect(search()).toBe('?cluster=flaky&result=failure');
    await menu('Cluster').selectOption('');
    await menu('Result').selectOption('');
    await menu('Reason').selectOption('circuit_open');
    await showsWhat('?reason=circuit_open');
    await page.getByRole('button', { name: 'Clear' }).click();
    await showsWhat('');
    expect(search()).toBe('');
  });

  it('make a view that can be shared, and undone with the back button', async () => {
    await open('?cluster=slow&reason=circuit_open');
    await showsWhat('?cluster=slow&reason=circuit_open');
    expect(await menu('Cluster').inputValue()).toBe('slow');
    expect(await menu('Reason').inputValue()).toBe('circuit_open');
    await menu('Reason').selectOption('');
    await showsWhat('?cluster=slow');
    await page.goBack();
    await showsWhat('?cluster=slow&reason=circuit_open');
  });

  it('follow live: what does not fit is not shown', async () => {
    await open('?cluster=secondary');
    await world.mesh.request('/slow/live');
    await open('?cluster=slow');
    await world.mesh.request('/slow/live-too');
    await eventually(async () => expect(await shownPaths(page)).toContain('/slow/live-too'));
    await showsWhat('?cluster=slow');
  });

  it('know the targets of clusters that are split, once there are some', async () => {
    expect(await menu('Target').isVisible()).toBe(false);
    await world.mesh.upstreams.poolA.refuse();
    await world.mesh.upstreams.poolB.refuse();
    for (const model of ['small', 'large'])
      await world.mesh.request(`/pool/${model}`, { headers: { 'x-model': model } });
    await world.mesh.upstreams.poolA.accept();
    await world.mesh.upstreams.poolB.accept();
    await menu('Target').selectOption('small');
    await showsWhat('?target=small');
    expect(search()).toBe('?target=small');
    await circuitRow(page, 'pool / large').getByRole('link').click();
    await showsWhat('?cluster=pool&target=large');
    expect(search()).toBe('?cluster=pool&target=large');
  });

  it('are set by the name of a circuit', async () => {
    await circuitRow(page, 'flaky').getByRole('link').click();
    await showsWhat('?cluster=flaky');
    expect(search()).toBe('?cluster=flaky');
  });

  it('bear an address that is nonsense, and say where nothing fits', async () => {
    await open('?cluster=nobody&result=nonsense&reason=%00');
    await eventually(async () =>
      expect(await page.locator('#no-requests').innerText()).toContain('that fits the filter'),
    );
    expect(await menu('Cluster').inputValue()).toBe('nobody');
    expect(await menu('Result').inputValue()).toBe('');
  });
});

describe('setting a circuit by hand', () => {
  const dialog = () => page.getByRole('dialog');
  const state = async (cluster: string) => (await world.mesh.sluice.circuit(cluster)).state;

  it('asks for the token, is refused with a wrong one, and done with the right one', async () => {
    await page.getByRole('button', { name: 'Set secondary by hand' }).click();
    expect(await dialog().innerText()).toContain('Set secondary');
    await dialog().getByLabel('Forced open').check();
    await dialog().getByLabel('Token').fill('wrong');
    await dialog().getByRole('button', { name: 'Set', exact: true }).click();
    await eventually(async () => expect(await dialog().getByRole('alert').innerText()).toContain('SLUICE_ADMIN_TOKEN'));
    expect(await state('secondary')).toBe('closed');
    await dialog().getByLabel('Token').fill(TOKEN);
    await dialog().getByRole('button', { name: 'Set', exact: true }).click();
    await eventually(async () => expect(await dialog().isVisible()).toBe(false));
    expect(await state('secondary')).toBe('forced_open');
    await eventually(async () => expect(await circuitRow(page, 'secondary').innerText()).toContain('forced open'));
    expect((await world.mesh.request('/secondary/x')).headers['x-sluice-reason']).toBe('forced_open');
  });

  it('keeps the token in the memory of the page, and nowhere else', async () => {
    await page.getByRole('button', { name: 'Set secondary by hand' }).click();
    await dialog().getByLabel('Automatic').check();
    await dialog().getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await eventually(async () => expect(await state('secondary')).toBe('closed'));
    await page.getByRole('button', { name: 'Set flaky by hand' }).click();
    expect(await dialog().getByLabel('Token').isVisible()).toBe(false);
    await dialog().getByLabel('Disabled').check();
    await page.keyboard.press('Enter');
    await eventually(async () => expect(await state('flaky')).toBe('disabled'));
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    );
    expect(kept).toBe('[{},{},""]');
    expect(await page.content()).not.toContain(TOKEN);
    expect(seen.requested.filter((url) => url.includes(TOKEN))).toEqual([]);
    await open();
    await page.getByRole('button', { name: 'Set flaky by hand' }).click();
    expect(await dialog().getByLabel('Token').isVisible()).toBe(true);
    expect(await dialog().getByLabel('Automatic').isChecked()).toBe(true);
  });

  it('of a target sets that one alone', async () => {
    await world.mesh.request('/pool/x', { headers: { 'x-model': 'm/1 ?&' } });
    await page.getByRole('button', { name: 'Set pool / m/1 ?& by hand' }).click();
    await dialog().getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await eventually(async () => {
      const of = (await world.mesh.sluice.circuits()).filter(({ cluster }) => cluster === 'pool');
      expect(of.filter((circuit) => circuit.state === 'forced_open')).toMatchObject([{ target: 'm/1 ?&' }]);
    });
  });
});

describe('the keyboard alone', () => {
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');

  /** Presses Tab until this has the focus, and finds that it can be seen. */
  async function tabTo(text: string): Promise<void> {
    for (let steps = 0; steps < 80; steps++) {
      await page.keyboard.press('Tab');
      if (!(await focused()).includes(text)) continue;
      const outline = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement ?? document.body);
        return `${style.outlineStyle} ${style.outlineWidth}`;
      });
      expect(outline).toBe('solid 2px');
      return;
    }
    throw new Error(`no way by Tab to ${text}`);
  }

  it('skips to the requests, opens one and reads its cards', async () => {
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to requests');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('requests');
    await tabTo('/flaky/saved');
    await page.keyboard.press('Enter');
    await page.locator('details[open] .card').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toMatch(/^[0-9a-f-]{16,}$/);
  });

  it('sets a circuit, is held inside the dialog, and comes back to where it was', async () => {
    await page.getByRole('button', { name: 'Set primary by hand' }).focus();
    await page.keyboard.press('Enter');
    for (let steps = 0; steps < 12; steps++) {
      await page.keyboard.press('Tab');
      expect(
        await page.evaluate(
          () => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null,
        ),
      ).toBe(true);
    }
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Set primary by hand');
  });

  it('pauses and goes on', async () => {
    await page.locator('#pause').focus();
    await page.keyboard.press('Space');
    // Drawn with the next frame of the browser.
    await eventually(async () => expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true'));
    await page.keyboard.press('Space');
    await eventually(async () => expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('false'));
  });
});

describe('without a token in the server', () => {
  const reader = useMesh({ policy: POLICY, sluice: { env: { SLUICE_ADMIN_TOKEN: '' } } });

  it('everything is shown and nothing can be set', async () => {
    await reader.mesh.request('/secondary/x');
    await page.goto(`http://${reader.mesh.sluice.http}/`);
    await circuitRow(page, 'secondary').waitFor();
    expect(await page.getByRole('button', { name: /by hand/ }).count()).toBe(0);
  });
});
