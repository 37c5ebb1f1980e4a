// Labels under odd names: what Envoy's configuration may hold must neither break a scrape nor make it grow for ever.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterLabel } from '../../src/observe/metrics/labels.js';
import { parseOpenMetrics } from '../support/openmetrics.js';
import {
  aCircuit,
  aFailure,
  anAttempt,
  aRecord,
  aTransition,
  type Family,
  newMetrics,
  parseScrape,
  scrape,
  seriesOf,
  startAdmin,
} from './support.js';

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Names by the thousand: as Istio makes them, and as nobody should. */
function oddName(n: number): string {
  const kinds = [
    `outbound|${n}||payments-${n}.shop.svc.cluster.local`,
    `outbound_.8080_.v${n}_.reviews.default.svc.cluster.local`,
    `line\nbreak-${n}\r\0\x1b[31m`,
    `quote"${n}"} 1\n# TYPE forged counter`,
    `back\\slash\\n${n}`,
    `rocket 🚀 ${n} 東京`,
    `half \ud83d ${n}`,
    `${n}`.repeat(100),
    `${'x'.repeat(5000)}${n}`,
    ` ${n} `,
  ];
  return kinds[n % kinds.length] ?? '';
}

function labelsOf(families: Family[], label: string): Set<string> {
  const all = families.flatMap((family) => family.samples.map((sample) => sample.labels[label]));
  return new Set(all.filter((value) => value !== undefined));
}

describe('10,000 odd clusters', { timeout: 30_000 }, () => {
  const trafficOf = (metrics: ReturnType<typeof newMetrics>) => {
    for (let n = 0; n < 10_000; n++) {
      const cluster = oddName(n);
      const record = aRecord({ cluster, decision: 'reroute' });
      metrics.decided(record);
      metrics.attemptSettled(record, anAttempt({ cluster: oddName((n + 10) % 10_000) }));
      metrics.attemptSettled(record, aFailure({ attempt: 2, cluster }));
      metrics.answered(record, cluster, 'circuit_open');
      metrics.retry(cluster, 'granted', 'reset', null, record);
      metrics.shadowed(cluster, 'retry', 'status');
      metrics.transition(aTransition({ cluster }));
    }
  };

  it('make at most 1,000 label values and _other, all printable, in a scrape that is valid', async () => {
    const { metrics, get } = await startAdmin();
    trafficOf(metrics);
    const families = parseScrape(await (await get('/metrics')).text());
    const clusters = labelsOf(families, 'cluster');
    expect(clusters.size).toBe(1001);
    expect(clusters).toContain('_other');
    for (const cluster of clusters) {
      expect(cluster.length).toBeLessThanOrEqual(200);
      expect(cluster).not.toMatch(UNPRINTABLE);
    }
    expect(families.some(({ name }) => name === 'forged')).toBe(false);
  });

  it('lose no count: what has no series of its own is counted under _other', async () => {
    const metrics = newMetrics();
    trafficOf(metrics);
    const families = await scrape(metrics);
    for (const name of [
      'sluice_requests_total',
      'sluice_short_circuits_total',
      'sluice_retries_total',
      'sluice_reroutes_total',
      'sluice_shadow_total',
      'sluice_circuit_transitions_total',
    ]) {
      const samples = families.find((family) => family.name === name)?.samples ?? [];
      const total = samples.reduce((sum, { value }) => sum + value, 0);
      expect([name, total]).toEqual([name, 10_000]);
    }
    expect(seriesOf(families, 'sluice_requests_total', { cluster: '_other', decision: 'reroute' })).toBe(9000);
    expect(seriesOf(families, 'sluice_label_overflow_total')).toBeGreaterThan(9000);
  });

  it('do not grow the scrape when they come again', async () => {
    const metrics = newMetrics();
    trafficOf(metrics);
    const lines = async () => (await metrics.scrape()).split('\n').length;
    const before = await lines();
    trafficOf(metrics);
    expect(await lines()).toBe(before);
  });

  it('keep the series of those that came first', async () => {
    const metrics = newMetrics();
    metrics.decided(aRecord());
    trafficOf(metrics);
    metrics.decided(aRecord());
    expect(seriesOf(await scrape(metrics), 'sluice_requests_total', { cluster: 'primary', decision: 'admit' })).toBe(2);
  });

  it('show at most as many circuits, those in trouble before the healthy', async () => {
    const metrics = newMetrics({ clusterLimit: 10 });
    const healthy = Array.from({ length: 50 }, (_, n) => aCircuit({ cluster: oddName(n) }));
    const circuits = () => [...healthy, aCircuit({ cluster: 'sick', state: 'open' })];
    metrics.readFrom({ circuits, budgetRemaining: () => 1, streams: () => 0, sessions: () => 0, records: () => 0 });
    const families = await scrape(metrics);
    expect(families.find(({ name }) => name === 'sluice_circuit_state')?.samples).toHaveLength(60);
    expect(families.find(({ name }) => name === 'sluice_retry_budget_remaining')?.samples).toHaveLength(10);
    expect(seriesOf(families, 'sluice_circuit_state', { cluster: 'sick', state: 'open' })).toBe(1);
  });
});

describe('10,000 odd paths, methods, routes and header values', { timeout: 30_000 }, () => {
  const oneRequest = (metrics: ReturnType<typeof newMetrics>, changes: Parameters<typeof aRecord>[0]) => {
    const record = aRecord(changes);
    const { target } = record;
    metrics.decided(record);
    metrics.attemptSettled(record, anAttempt({ target, message: record.path, host: record.path }));
    metrics.retry('primary', 'granted', 'reset', target, record);
    metrics.answered(record, 'primary', 'circuit_open', target);
  };

  it('make no series at all where the policy has no key', async () => {
    const metrics = newMetrics();
    oneRequest(metrics, {});
    const lines = async () => (await metrics.scrape()).split('\n').length;
    const before = await lines();
    for (let n = 0; n < 10_000; n++) {
      oneRequest(metrics, { id: oddName(n), path: oddName(n), method: oddName(n), route: oddName(n) });
    }
    expect(await lines()).toBe(before);
    parseScrape(await metrics.scrape());
  });

  it('make at most 750 targets, all printable, where the header is the key; the rest is one', async () => {
    const metrics = newMetrics();
    for (let n = 0; n < 10_000; n++) oneRequest(metrics, { target: oddName(n) });
    const families = await scrape(metrics);
    const targets = labelsOf(families, 'target');
    expect(targets.size).toBeLessThanOrEqual(751);
    expect(targets).toContain('_other');
    for (const target of targets) expect(target).not.toMatch(UNPRINTABLE);
    const samples = families.find(({ name }) => name === 'sluice_requests_total')?.samples ?? [];
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(10_000);
  });

  it('leave room for clusters, whatever comes in headers', async () => {
    const metrics = newMetrics();
    for (let n = 0; n < 10_000; n++) oneRequest(metrics, { target: oddName(n) });
    metrics.decided(aRecord({ cluster: 'late' }));
    expect(seriesOf(await scrape(metrics), 'sluice_requests_total', { cluster: 'late', decision: 'admit' })).toBe(1);
  });

  it('are valid in OpenMetrics as well, in exemplars too', async () => {
    const metrics = newMetrics();
    for (let n = 0; n < 10_000; n++) oneRequest(metrics, { id: `${n}`, target: oddName(n) });
    const families = parseOpenMetrics(await metrics.scrape('openmetrics'));
    const retries = families.find(({ name }) => name === 'sluice_retries')?.samples ?? [];
    expect(retries.every(({ exemplar }) => exemplar !== null)).toBe(true);
    expect(retries.length).toBeLessThanOrEqual(751);
  });
});

describe('a label', () => {
  it('keeps long names with the same beginning apart', () => {
    const a = clusterLabel(`${'x'.repeat(300)}a`);
    const b = clusterLabel(`${'x'.repeat(300)}b`);
    expect(a).not.toBe(b);
    expect([a.length <= 200, b.length <= 200]).toEqual([true, true]);
  });

  it('keeps names apart that only their escapes make long', () => {
    const name = (last: string) => '\n'.repeat(150) + last;
    expect(clusterLabel(name('a'))).not.toBe(clusterLabel(name('b')));
    expect(clusterLabel(name('a')).length).toBeLessThanOrEqual(200);
  });

  it('is the name itself for every printable name of up to 200 characters', () => {
    expect(clusterLabel('y'.repeat(200))).toBe('y'.repeat(200));
    expect(clusterLabel('a...')).toBe('a...');
  });

  it('shared by two names is one series, as two would make the scrape invalid', async () => {
    const metrics = newMetrics();
    for (const cluster of ['a\nb', 'a\\u{a}b']) metrics.decided(aRecord({ cluster }));
    const circuits = () => [aCircuit({ cluster: 'a\nb' }), aCircuit({ cluster: 'a\\u{a}b', state: 'open' })];
    metrics.readFrom({ circuits, budgetRemaining: () => null, streams: () => 0, sessions: () => 0, records: () => 0 });
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_requests_total', { cluster: 'a\\u{a}b', decision: 'admit' })).toBe(2);
  });

  it('shared by two circuits past the limit shows the one in trouble', async () => {
    const metrics = newMetrics({ clusterLimit: 2 });
    const names = ['a\\u{a}b', 'x', 'a\nb'];
    const circuits = () => names.map((cluster) => aCircuit({ cluster, state: cluster === 'a\nb' ? 'open' : 'closed' }));
    metrics.readFrom({ circuits, budgetRemaining: () => null, streams: () => 0, sessions: () => 0, records: () => 0 });
    const labels = { cluster: 'a\\u{a}b', state: 'open' };
    expect(seriesOf(await scrape(metrics), 'sluice_circuit_state', labels)).toBe(1);
  });

  it('that looks like the one for the rest is counted there, not beside it', async () => {
    const metrics = newMetrics({ clusterLimit: 1 });
    for (const cluster of ['_other', 'a', 'b']) metrics.decided(aRecord({ cluster }));
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_requests_total', { cluster: '_other', decision: 'admit' })).toBe(2);
    expect(seriesOf(families, 'sluice_requests_total', { cluster: 'a', decision: 'admit' })).toBe(1);
  });

  it('like a property of objects is a name as any other', async () => {
    const metrics = newMetrics();
    for (const cluster of ['__proto__', 'constructor', 'toString']) metrics.decided(aRecord({ cluster }));
    const families = await scrape(metrics);
    const count = (cluster: string) => seriesOf(families, 'sluice_requests_total', { cluster, decision: 'admit' });
    expect([count('constructor'), count('toString')]).toEqual([1, 1]);
  });

  it('of any name makes a valid scrape that counts every request', async () => {
    const anyName = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
    await fc.assert(
      fc.asyncProperty(fc.array(anyName, { maxLength: 12 }), async (names) => {
        const metrics = newMetrics({ clusterLimit: 6 });
        for (const cluster of names) metrics.decided(aRecord({ cluster }));
        const families = await scrape(metrics);
        const samples = families.find(({ name }) => name === 'sluice_requests_total')?.samples ?? [];
        expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(names.length);
        expect(labelsOf(families, 'cluster').size).toBeLessThanOrEqual(7);
      }),
      { numRuns: 60 },
    );
  });
});
