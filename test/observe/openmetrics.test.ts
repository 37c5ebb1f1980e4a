// The scrape in OpenMetrics: valid by the letter, the same figures as in the old text, and exemplars that lead to requests.

import { describe, expect, it } from 'vitest';
import { METRICS } from '../../src/observe/metrics/catalogue.js';
import { Metrics } from '../../src/observe/metrics.js';
import { type OpenFamily, type OpenSample, parseOpenMetrics } from '../support/openmetrics.js';
import { aCircuit, aFailure, anAttempt, aRecord, newMetrics, parseScrape, startAdmin } from './support.js';

const ACCEPT = { headers: { accept: 'application/openmetrics-text; version=1.0.0' } };
const AT_MS = 1_700_000_000_123;

const SOURCES = {
  circuits: () => [aCircuit({ state: 'half_open' })],
  budgetRemaining: () => 3.5,
  streams: () => 4,
  sessions: () => 3,
  records: () => 17,
};

async function open(metrics: Metrics): Promise<OpenFamily[]> {
  return parseOpenMetrics(await metrics.scrape('openmetrics'));
}

/** The one sample of that name that carries at least these labels. */
function sampleOf(families: OpenFamily[], name: string, labels: Record<string, string> = {}): OpenSample {
  const found = families
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name && Object.entries(labels).every(([k, v]) => sample.labels[k] === v));
  expect([name, found.length]).toEqual([name, 1]);
  const [sample] = found;
  if (sample === undefined) throw new Error(`no sample ${name}`);
  return sample;
}

function metricsAt(atMs = AT_MS): Metrics {
  return newMetrics({ wallClock: () => atMs });
}

describe('a scrape that asks for OpenMetrics', () => {
  it('is answered in it, by its content type, and is valid, with every metric and those of the process', async () => {
    const metrics = new Metrics({ version: '1.2.3' });
    const { get } = await startAdmin({ metrics });
    metrics.readFrom(SOURCES);
    metrics.attemptSettled(aRecord(), anAttempt());
    const response = await get('/metrics', ACCEPT);
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(response.headers.get('vary')).toBe('accept');
    const families = parseOpenMetrics(await response.text());
    for (const [name, { type, help }] of Object.entries(METRICS)) {
      const family = families.find((candidate) => candidate.name === name.replace(/_total$/, ''));
      expect([name, family?.type, family?.help]).toEqual([name, type, help]);
    }
    expect(sampleOf(families, 'process_cpu_seconds_total').value).toBeGreaterThan(0);
    expect(families.some(({ name }) => name === 'nodejs_eventloop_lag_p99_seconds')).toBe(true);
  });

  it('tells the unit of what has one', async () => {
    const families = await open(new Metrics({ version: '1.2.3' }));
    const unitOf = (name: string) => families.find((family) => family.name === name)?.unit;
    expect(unitOf('sluice_attempt_duration_seconds')).toBe('seconds');
    expect(unitOf('process_resident_memory_bytes')).toBe('bytes');
    expect(unitOf('process_cpu_seconds')).toBe('seconds');
    expect(unitOf('sluice_requests')).toBeNull();
  });

  it('gets the same figures as one that asks for the old text', async () => {
    const metrics = metricsAt();
    metrics.readFrom(SOURCES);
    metrics.attemptSettled(aRecord({ decision: 'reroute' }), aFailure());
    metrics.decisionTook('judge', 0.02);
    metrics.retry('primary', 'granted', 'reset', null, aRecord());
    const flat = (samples: readonly Pick<OpenSample, 'name' | 'labels' | 'value'>[]) =>
      samples.map(({ name, labels: { le, ...rest }, value }) =>
        JSON.stringify([
          name,
          Object.entries(rest).sort(),
          le === undefined ? null : Number(le.replace('+Inf', 'Infinity')),
          value,
        ]),
      );
    const old = parseScrape(await metrics.scrape('text')).flatMap(({ samples }) => samples);
    const now = (await open(metrics)).flatMap(({ samples }) => samples);
    expect(flat(now)).toEqual(flat(old));
    expect(now.length).toBeGreaterThan(80);
  });

  it('is valid under names of any kind', async () => {
    const metrics = metricsAt();
    for (const cluster of ['', 'a"b', 'a\\', '\n# EOF\n', 'x"} 1 # {y="', '東京 🚀', '\ud83d']) {
      const record = aRecord({ cluster });
      metrics.decided(record);
      metrics.attemptSettled(record, anAttempt({ cluster }));
    }
    const requests = (await open(metrics)).find(({ name }) => name === 'sluice_requests');
    expect(requests?.samples.reduce((sum, { value }) => sum + value, 0)).toBe(7);
  });
});

describe('an exemplar', () => {
  it('names the last request of each bucket of the attempts, with its duration and the time', async () => {
    const metrics = metricsAt();
    for (const [id, durationMs] of [['slow', 700] as const, ['first', 12] as const, ['second', 11] as const]) {
      metrics.attemptSettled(aRecord({ id }), anAttempt({ durationMs }));
    }
    const families = await open(metrics);
    const of = (le: string) => sampleOf(families, 'sluice_attempt_duration_seconds_bucket', { le }).exemplar;
    expect(of('0.025')).toEqual({ labels: { request_id: 'second' }, value: 0.011, timestamp: AT_MS / 1000 });
    expect(of('1.0')).toEqual({ labels: { request_id: 'slow' }, value: 0.7, timestamp: AT_MS / 1000 });
    expect(of('0.05')).toBeNull();
  });

  it('names the one above the last bound as well', async () => {
    const metrics = metricsAt();
    metrics.attemptSettled(aRecord({ id: 'endless' }), anAttempt({ durationMs: 90_000 }));
    const last = sampleOf(await open(metrics), 'sluice_attempt_duration_seconds_bucket', { le: '+Inf' });
    expect(last.exemplar).toMatchObject({ labels: { request_id: 'endless' }, value: 90 });
  });

  it('names the last request of each kind of retry, by result and reason', async () => {
    const metrics = metricsAt();
    metrics.retry('primary', 'granted', 'reset', null, aRecord({ id: 'a' }));
    metrics.retry('primary', 'granted', 'reset', null, aRecord({ id: 'b' }));
    metrics.retry('primary', 'refused', 'written', null, aRecord({ id: 'c' }));
    const families = await open(metrics);
    const of = (result: string) => sampleOf(families, 'sluice_retries_total', { result }).exemplar;
    expect(of('granted')).toEqual({ labels: { request_id: 'b' }, value: 1, timestamp: AT_MS / 1000 });
    expect(of('refused')).toEqual({ labels: { request_id: 'c' }, value: 1, timestamp: AT_MS / 1000 });
  });

  it('names the last request that was answered 503', async () => {
    const metrics = metricsAt();
    metrics.answered(aRecord({ id: 'z' }), 'primary', 'circuit_open');
    const families = await open(metrics);
    const of = (reason: string) => sampleOf(families, 'sluice_short_circuits_total', { reason }).exemplar;
    expect(of('circuit_open')?.labels).toEqual({ request_id: 'z' });
    expect(of('deadline')).toBeNull();
  });

  it('is kept apart by target', async () => {
    const metrics = metricsAt();
    metrics.retry('primary', 'granted', 'reset', 'large', aRecord({ id: 'l' }));
    metrics.retry('primary', 'granted', 'reset', 'small', aRecord({ id: 's' }));
    const families = await open(metrics);
    const of = (target: string) => sampleOf(families, 'sluice_retries_total', { target }).exemplar?.labels.request_id;
    expect([of('large'), of('small')]).toEqual(['l', 's']);
  });

  it('is kept apart by cluster, and so is what was counted, however many come', async () => {
    const metrics = metricsAt();
    const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
    for (const [i, cluster] of names.entries()) {
      const record = aRecord({ id: `of-${cluster}`, cluster });
      for (let times = 0; times <= i; times++) metrics.decided(record);
      metrics.attemptSettled(record, anAttempt({ cluster, durationMs: 1000 * i }));
    }
    const families = await open(metrics);
    for (const [i, cluster] of names.entries()) {
      const name = 'sluice_attempt_duration_seconds';
      expect(sampleOf(families, 'sluice_requests_total', { cluster, decision: 'admit' }).value).toBe(i + 1);
      expect(sampleOf(families, 'sluice_attempts_total', { cluster }).value).toBe(1);
      expect(sampleOf(families, `${name}_sum`, { cluster }).value).toBe(i);
      expect(sampleOf(families, `${name}_count`, { cluster }).value).toBe(1);
      const buckets = families.find((family) => family.name === name)?.samples ?? [];
      const ids = buckets.filter((sample) => sample.labels.cluster === cluster && sample.exemplar);
      expect(ids.map(({ exemplar }) => exemplar?.labels.request_id)).toEqual([`of-${cluster}`]);
    }
  });

  it('is not of an attempt whose time makes no sense', async () => {
    const metrics = metricsAt();
    for (const durationMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      metrics.attemptSettled(aRecord({ id: 'odd' }), anAttempt({ durationMs }));
    }
    expect(await metrics.scrape('openmetrics')).not.toContain('odd');
  });

  it('is never in the old text, which cannot hold it', async () => {
    const metrics = metricsAt();
    metrics.attemptSettled(aRecord({ id: 'hidden' }), anAttempt());
    metrics.retry('primary', 'granted', 'reset', null, aRecord({ id: 'hidden' }));
    expect(await metrics.scrape()).not.toContain('hidden');
  });
});
