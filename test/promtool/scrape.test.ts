// Prometheus' own verdict on a scrape of a running sidecar, in both formats.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { promtool, type Verdict } from '../support/promtool.js';
import { settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';

const used = useMesh({ policy: { clusters: { refusing: { fallback: ['secondary'] } } } });
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-scrape-'));
  for (const path of ['/primary/x', '/refusing/x']) expect((await used.mesh.request(path)).status).toBe(200);
  await settled(used.mesh);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function scrape(accept: string): Promise<string> {
  return (await used.mesh.sluice.fetch('/metrics', { headers: { accept } })).text();
}

/** Prometheus reads OpenMetrics from a file only with a time at every sample; all else stays as it was scraped. */
function withTimes(text: string): string {
  return text.replaceAll(/^([^#\n][^\n]*?)( # \{[^\n]*)?$/gm, (_line, sample: string, exemplar = '') => {
    return `${sample} 1700000000${exemplar}`;
  });
}

async function readOpenMetrics(text: string): Promise<Verdict> {
  const file = join(directory, 'scrape.txt');
  await writeFile(file, text);
  return promtool(['tsdb', 'create-blocks-from', 'openmetrics', file, join(directory, 'blocks')]);
}

describe('a scrape', () => {
  it('passes promtool check metrics: names, types, help texts, units', async () => {
    const verdict = await promtool(['check', 'metrics'], await scrape('text/plain'));
    expect(verdict).toEqual({ ok: true, said: '' });
  });

  it('that names a metric badly would not pass', async () => {
    const text = await scrape('text/plain');
    const verdict = await promtool(['check', 'metrics'], text.replaceAll('sluice_faults_total', 'sluice_faults'));
    expect(verdict.ok).toBe(false);
    expect(verdict.said).toContain('sluice_faults');
  });

  it('in OpenMetrics, with its exemplars, is read by Prometheus', async () => {
    const text = withTimes(await scrape('application/openmetrics-text; version=1.0.0'));
    expect(text).toContain(' 1700000000 # {request_id="');
    const verdict = await readOpenMetrics(text);
    expect(verdict.ok, verdict.said).toBe(true);
  });

  it('in OpenMetrics that was cut short, or has an exemplar that is none, would not be read', async () => {
    const text = withTimes(await scrape('application/openmetrics-text; version=1.0.0'));
    for (const bad of [text.replace('# EOF\n', ''), text.replace('# {request_id="', '# {request_id=')]) {
      expect((await readOpenMetrics(bad)).ok).toBe(false);
    }
  });
});
