// Takes the README's pictures of the page: the upstreams and the traffic of the demo, at a moment when one of them has
// died. Run with `npm run screenshot` after a change of the page, and look at what it wrote.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { castUpstreams } from '../demo/cast.js';
import { startTraffic } from '../demo/traffic.js';
import { eventually } from '../support/eventually.js';
import { type Mesh, startMesh } from '../support/mesh.js';
import { visit } from './browser.js';

/** What a README may weigh. */
const MAX_BYTES = 150_000;
const SIZE = { width: 1120, height: 720 };
const SCHEMES = ['light', 'dark'] as const;

const policy = readFileSync(new URL('../demo/policy.yaml', import.meta.url), 'utf8');
const mesh = await startMesh({ policy, upstreams: castUpstreams() });
const traffic = startTraffic(mesh.envoy.port, () => {});
try {
  await worthLooking(mesh);
  for (const scheme of SCHEMES) await shoot(mesh, scheme);
} finally {
  await traffic.stop();
  await mesh[Symbol.asyncDispose]();
}

/** Some history first, then one that fails until its circuit opens. */
async function worthLooking({ sluice, upstreams }: Mesh): Promise<void> {
  const state = (cluster: string, wanted: string, figures: (requests: number) => boolean) =>
    eventually(async () => {
      const { state: is, requests } = await sluice.circuit(cluster);
      if (is !== wanted || !figures(requests)) throw new Error(`${cluster} is ${is} with ${requests} results`);
    }, 30_000);
  await state('primary', 'closed', (requests) => requests === 20);
  await upstreams.primary.refuse();
  await state('primary', 'open', (requests) => requests > 10);
}

async function shoot({ sluice }: Mesh, colorScheme: (typeof SCHEMES)[number]): Promise<void> {
  await using seen = await visit(`http://${sluice.http}/`, { colorScheme, viewport: SIZE, reducedMotion: 'reduce' });
  const { page } = seen;
  await page.locator('#connection[data-state=live]').waitFor();
  await openRetried(page);
  const file = fileURLToPath(new URL(`page-${colorScheme}.png`, import.meta.url));
  writeFileSync(file, await page.screenshot());
  const { size } = statSync(file);
  if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MAX_BYTES}`);
  process.stdout.write(`${file} ${size}\n`);
}

/** Holds the list at a moment when one of its first rows was retried, and opens that. */
async function openRetried(page: Page): Promise<void> {
  const rows = page.locator('#request-rows details');
  await eventually(async () => {
    await page.locator('#pause[aria-pressed=false]').click();
    const badges = await rows.locator('.badge').evaluateAll((all) => all.map((badge) => badge.textContent !== ''));
    const index = badges.indexOf(true);
    if (index >= 0 && index < 4) return rows.nth(index).locator('summary').click();
    await page.locator('#pause[aria-pressed=true]').click();
    throw new Error('no retry among the first rows');
  }, 20_000);
  await page.locator('.card').first().waitFor();
  await page.evaluate(() => scrollTo(0, 0));
}
