// `npm run dashboard:render`: the README's picture of deploy/grafana/sluice.json. A real Prometheus scrapes a real mesh in
// which everything happens that the dashboard is made for; every panel's query is asked of it and the answers are drawn in
// the dashboard's own grid. Grafana has no part in it: its look is only imitated, its model of the dashboard is taken at its
// word. Fails where a query fails or has nothing to show. Look at what it wrote.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { answer } from '../dashboard/render/answers.js';
import { page, WIDTH_PX } from '../dashboard/render/draw.js';
import { meshIn, play, SCENE_SECONDS } from '../dashboard/render/scene.js';
import { dashboardFile } from '../support/dashboard.js';
import { startMesh } from '../support/mesh.js';
import { type Pixels, palettePng } from '../support/palette-png.js';
import { prometheusBinary, startPrometheus } from '../support/prometheus.js';
import { visit } from './browser.js';

/** What a README may weigh. */
const MAX_BYTES = 250_000;
/** Few enough for the README's sake, enough for the tints of stacked areas. */
const COLOURS = 96;
const FILE = fileURLToPath(new URL('dashboard.png', import.meta.url));

// Leaving by `exit` takes Prometheus, Envoy and Sluice along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const dashboard = await dashboardFile();
await prometheusBinary();
const directory = await mkdtemp(join(tmpdir(), 'sluice-dashboard-'));
const mesh = await startMesh(meshIn(directory));
const prometheus = await startPrometheus([
  { job: 'sluice', target: mesh.sluice.http, path: '/metrics' },
  { job: 'envoy', target: `127.0.0.1:${mesh.envoy.adminPort}`, path: '/stats/prometheus' },
]);
try {
  process.stdout.write(`for ${SCENE_SECONDS} seconds everything goes wrong once\n`);
  await play(mesh);
  const toSeconds = Math.floor(Date.now() / 1000);
  const range = { fromSeconds: toSeconds - SCENE_SECONDS + 5, toSeconds };
  const answered = await answer(dashboard, prometheus, range);
  const bytes = await shoot(page(answered, range), FILE);
  if (bytes > MAX_BYTES) throw new Error(`${FILE} has ${bytes} bytes, more than ${MAX_BYTES}`);
  process.stdout.write(`${FILE} ${bytes}\n`);
} finally {
  await prometheus.stop();
  await mesh[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
}

/** Writes the picture of that page; gives its bytes. @throws Error where the page complains. */
async function shoot(html: string, file: string): Promise<number> {
  await using seen = await visit('about:blank', { colorScheme: 'light', viewport: { width: WIDTH_PX, height: 800 } });
  await seen.page.setContent(html);
  const screenshot = await seen.page.screenshot({ fullPage: true });
  const picture = palettePng(await pixelsOf(seen.page, screenshot), COLOURS);
  if (seen.complaints.length > 0) throw new Error(seen.complaints.join('\n'));
  await writeFile(file, picture);
  return picture.length;
}

/** A browser knows how to read its own PNG. */
async function pixelsOf(page: Page, png: Buffer): Promise<Pixels> {
  const { width, height, binary } = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas to draw on');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const pieces: string[] = [];
    for (let at = 0; at < data.length; at += 8192) pieces.push(String.fromCharCode(...data.subarray(at, at + 8192)));
    return { width: image.width, height: image.height, binary: btoa(pieces.join('')) };
  }, png.toString('base64'));
  return { width, height, rgba: Buffer.from(binary, 'base64') };
}
