// What a finer key looks like from outside: a label and a field, where there is a target, and nothing where there is none.

import { describe, expect, it } from 'vitest';
import { METRICS } from '../../src/observe/metrics/catalogue.js';
import { Records } from '../../src/observe/records.js';
import {
  aCircuit,
  aFailure,
  aLogger,
  anAttempt,
  aRecord,
  aTransition,
  type Family,
  newMetrics,
  scrape,
  seriesOf,
  startAdmin,
} from './support.js';

type AnyMetrics = ReturnType<typeof newMetrics>;

/** One of everything that is counted for a cluster. */
function countAll(metrics: AnyMetrics, cluster: string, target: string | null): void {
  const record = aRecord({ cluster, target });
  metrics.decided(record);
  metrics.attemptSettled(record, anAttempt({ cluster, target }));
  metrics.answered(record, cluster, 'circuit_open', target);
  metrics.retry(cluster, 'granted', 'reset', target, record);
  metrics.shadowed(cluster, 'retry', 'status', target);
  metrics.transition(aTransition({ cluster, target }));
}

const PER_CLUSTER = Object.entries(METRICS).filter(([, entry]) => 'byTarget' in entry);

function labelSets(families: Family[], name: string): string[] {
  const samples = families.find((family) => family.name === name)?.samples ?? [];
  return [...new Set(samples.map(({ labels }) => Object.keys(labels).join()))];
}

describe('metrics', () => {
  it('have the label on the series of a target, and not on those of a cluster', async () => {
    const metrics = newMetrics();
    const circuits = () => [aCircuit(), aCircuit({ target: 'large' })];
    metrics.readFrom({ circuits, budgetRemaining: () => 1, streams: () => 0, sessions: () => 0, records: () => 0 });
    countAll(metrics, 'primary', null);
    countAll(metrics, 'primary', 'large');
    const families = await scrape(metrics);
    expect(PER_CLUSTER).toHaveLength(9);
    for (const [name, { labels }] of PER_CLUSTER) {
      const sets = labelSets(families, name).map((set) => set.replace(',le', ''));
      expect([name, [...new Set(sets)]]).toEqual([
        name,
        [labels.join(), labels.join().replace('cluster', 'cluster,target')],
      ]);
    }
  });

  it('count each target by itself', async () => {
    const metrics = newMetrics();
    countAll(metrics, 'primary', 'large');
    countAll(metrics, 'primary', 'large');
    countAll(metrics, 'primary', 'small');
    countAll(metrics, 'primary', null);
    const families = await scrape(metrics);
    const requests = (labels: Record<string, string>) =>
      seriesOf(families, 'sluice_requests_total', { cluster: 'primary', decision: 'admit', ...labels });
    expect([requests({ target: 'large' }), requests({ target: 'small' }), requests({})]).toEqual([2, 1, 1]);
  });

  it('count an attempt where it went, and one without a cluster where its request was routed', async () => {
    const metrics = newMetrics();
    const record = aRecord({ target: 'large' });
    metrics.attemptSettled(record, anAttempt({ cluster: 'spare', target: null }));
    metrics.attemptSettled(record, anAttempt({ cluster: '', target: null }));
    const families = await scrape(metrics);
    const attempts = (labels: Record<string, string>) =>
      seriesOf(families, 'sluice_attempts_total', { stage: 'response', outcome: 'success', ...labels });
    expect([attempts({ cluster: 'spare' }), attempts({ cluster: 'primary', target: 'large' })]).toEqual([1, 1]);
  });

  it('show state and budget of each', async () => {
    const metrics = newMetrics();
    const circuits = () => [aCircuit(), aCircuit({ target: 'large', state: 'open' })];
    const budgetRemaining = (_cluster: string, target: string | null) => (target === null ? 7 : 2);
    metrics.readFrom({ circuits, budgetRemaining, streams: () => 0, sessions: () => 0, records: () => 0 });
    const families = await scrape(metrics);
    const large = { cluster: 'primary', target: 'large' };
    expect(seriesOf(families, 'sluice_circuit_state', { ...large, state: 'open' })).toBe(1);
    expect(seriesOf(families, 'sluice_circuit_state', { cluster: 'primary', state: 'open' })).toBe(0);
    expect(seriesOf(families, 'sluice_retry_budget_remaining', large)).toBe(2);
    expect(seriesOf(families, 'sluice_retry_budget_remaining', { cluster: 'primary' })).toBe(7);
  });

  it('cannot be forged by a value', async () => {
    const metrics = newMetrics();
    const odd = 'x"} 1\nforged{a="\\';
    countAll(metrics, 'primary', odd);
    const families = await scrape(metrics);
    expect(families.some(({ name }) => name === 'forged')).toBe(false);
    const labels = { cluster: 'primary', target: 'x"} 1\\u{a}forged{a="\\', decision: 'admit' };
    expect(seriesOf(families, 'sluice_requests_total', labels)).toBe(1);
  });
});

describe('the limit on label values', () => {
  const setsOf = (families: Family[]) => {
    const samples = families.find(({ name }) => name === 'sluice_requests_total')?.samples ?? [];
    return new Set(samples.map(({ labels }) => `${labels.cluster}/${labels.target ?? ''}`));
  };

  it('counts pairs of cluster and target; those past it share the one of their cluster', async () => {
    const metrics = newMetrics({ clusterLimit: 8 });
    for (let n = 0; n < 10; n++) countAll(metrics, 'models', `m${n}`);
    const families = await scrape(metrics);
    expect([...setsOf(families)]).toEqual([
      'models/m0',
      'models/m1',
      'models/m2',
      'models/m3',
      'models/m4',
      'models/m5',
      'models/_other',
    ]);
    const other = { cluster: 'models', target: '_other', decision: 'admit' };
    expect(seriesOf(families, 'sluice_requests_total', other)).toBe(4);
    expect(seriesOf(families, 'sluice_label_overflow_total')).toBe(24);
  });

  it('leaves room for clusters, whatever clients invent', async () => {
    const metrics = newMetrics({ clusterLimit: 100 });
    for (let n = 0; n < 10_000; n++) metrics.decided(aRecord({ cluster: `c${n % 5}`, target: `invented-${n}` }));
    for (let n = 0; n < 10; n++) metrics.decided(aRecord({ cluster: `late-${n}` }));
    const families = await scrape(metrics);
    const late = (n: number) =>
      seriesOf(families, 'sluice_requests_total', { cluster: `late-${n}`, decision: 'admit' });
    expect([late(0), late(9)]).toEqual([1, 1]);
    expect(setsOf(families).size).toBe(75 + 5 + 10);
    const samples = families.find(({ name }) => name === 'sluice_requests_total')?.samples ?? [];
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(10_010);
  });

  it('holds when there is no room for what is shared either', async () => {
    const metrics = newMetrics({ clusterLimit: 4 });
    for (const cluster of ['a', 'b', 'c', 'd']) metrics.decided(aRecord({ cluster }));
    for (let n = 0; n < 5; n++) metrics.decided(aRecord({ cluster: 'e', target: `m${n}` }));
    const families = await scrape(metrics);
    expect([...setsOf(families)]).toEqual(['a/', 'b/', 'c/', 'd/', '_other/']);
    expect(seriesOf(families, 'sluice_requests_total', { cluster: '_other', decision: 'admit' })).toBe(5);
  });

  it('shows circuits in trouble first, then those of clusters, then those of their targets', async () => {
    const metrics = newMetrics({ clusterLimit: 3 });
    const targets = Array.from({ length: 20 }, (_, n) => aCircuit({ cluster: 'models', target: `m${n}` }));
    const circuits = () => [...targets, aCircuit(), aCircuit({ cluster: 'models', target: 'sick', state: 'open' })];
    metrics.readFrom({ circuits, budgetRemaining: () => 1, streams: () => 0, sessions: () => 0, records: () => 0 });
    const samples = (await scrape(metrics)).find(({ name }) => name === 'sluice_retry_budget_remaining')?.samples ?? [];
    expect(samples.map(({ labels }) => labels)).toEqual([
      { cluster: 'models', target: 'sick' },
      { cluster: 'primary' },
      { cluster: 'models', target: 'm0' },
    ]);
  });
});

describe('histories', () => {
  const records = () => {
    const shelf = new Records();
    shelf.decided(aRecord({ id: 'routed', cluster: 'models', target: 'large' }));
    shelf.decided(aRecord({ id: 'other', cluster: 'models', target: 'small' }));
    shelf.decided(aRecord({ id: 'none', cluster: 'models' }));
    const tried = anAttempt({ cluster: 'spare', target: 'large' });
    shelf.decided(aRecord({ id: 'tried', cluster: 'models', target: 'small', attempts: [tried] }));
    return shelf;
  };
  const ids = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id).sort();

  it('are found by the target of the request, or of any attempt', () => {
    expect(ids(records().list({ target: 'large' }))).toEqual(['routed', 'tried']);
    expect(ids(records().list({ target: 'nobody' }))).toEqual([]);
  });

  it('are found by cluster and target only where one and the same has both', () => {
    expect(ids(records().list({ cluster: 'models', target: 'large' }))).toEqual(['routed']);
    expect(ids(records().list({ cluster: 'spare', target: 'large' }))).toEqual(['tried']);
    expect(ids(records().list({ cluster: 'models' }))).toEqual(['none', 'other', 'routed', 'tried']);
  });

  it('tell it of the request and of every attempt, printable', async () => {
    const bench = await startAdmin();
    const attempts = [aFailure({ target: 'la\nrge' }), anAttempt({ attempt: 2, cluster: 'spare' })];
    bench.records.decided(aRecord({ id: 'a', target: 'la\nrge', attempts }));
    expect(await (await bench.get('/requests?target=la%0Arge')).json()).toMatchObject({
      requests: [{ target: 'la\\u{a}rge', attempts: [{ target: 'la\\u{a}rge' }, { cluster: 'spare', target: null }] }],
    });
  });
});

describe('log lines', () => {
  it('name the target, and null where there is none', () => {
    const { logger, lines } = aLogger();
    logger.transition(aTransition({ target: 'large' }));
    logger.transition(aTransition());
    logger.circuitSet('primary', 'large', 'forced_open');
    logger.answered(aRecord(), 'primary', 'circuit_open', 'la\nrge');
    logger.finished(aRecord({ target: 'small', attempts: [aFailure({ target: 'small' }), anAttempt({ attempt: 2 })] }));
    expect(lines.all.map(({ event, target }) => [event, target])).toEqual([
      ['circuit_opened', 'large'],
      ['circuit_opened', null],
      ['circuit_set', 'large'],
      ['request_answered', 'la\\u{a}rge'],
      ['request_retried', 'small'],
    ]);
  });
});

describe('/circuits', () => {
  const BEARER = { authorization: 'Bearer secret' };
  const started = async () => {
    const bench = await startAdmin({ token: 'secret' });
    bench.circuits.add(aCircuit());
    bench.circuits.add(aCircuit({ target: 'large', state: 'open' }));
    bench.circuits.add(aCircuit({ target: 'a&b=c/ü' }));
    bench.circuits.add(aCircuit({ cluster: 'plain' }));
    return bench;
  };
  const json = async (response: Response) => [response.status, await response.json()];

  it('lists those of targets as well', async () => {
    const { get } = await started();
    expect(await json(await get('/circuits'))).toMatchObject([
      200,
      { circuits: [{ target: null }, { cluster: 'plain' }, { target: 'large', state: 'open' }, { target: 'a&b=c/ü' }] },
    ]);
  });

  it('shows a cluster with a list of its targets, and one without any without the list', async () => {
    const { get } = await started();
    expect(await json(await get('/circuits/primary'))).toMatchObject([
      200,
      { target: null, budgetRemaining: 7.5, targets: [{ target: 'large', state: 'open' }, { target: 'a&b=c/ü' }] },
    ]);
    const [, plain] = await json(await get('/circuits/plain'));
    expect(plain).not.toHaveProperty('targets');
  });

  it('shows the one that is asked for, with its own budget and no list', async () => {
    const { get } = await started();
    const [status, body] = await json(await get('/circuits/primary?target=large'));
    expect([status, body]).toMatchObject([200, { target: 'large', state: 'open', budgetRemaining: 2 }]);
    expect(body).not.toHaveProperty('targets');
    const odd = await get(`/circuits/primary?target=${encodeURIComponent('a&b=c/ü')}`);
    expect(await json(odd)).toMatchObject([200, { target: 'a&b=c/ü' }]);
  });

  it('does not know a target that has no circuit, and says so', async () => {
    const { get } = await started();
    expect(await json(await get('/circuits/primary?target=none'))).toEqual([
      404,
      { error: 'no circuit for cluster primary, target none: see /circuits for those there are' },
    ]);
  });

  it.each(['target=', 'target=a&target=b', 'value=large'])('refuses ?%s and says what is allowed', async (query) => {
    const { get } = await started();
    expect(await json(await get(`/circuits/primary?${query}`))).toEqual([
      400,
      { error: expect.stringMatching(/Allowed: target \(a value of the key of the cluster\)$/) },
    ]);
  });

  it('sets the one that is named by hand, and no other', async () => {
    const { url, circuits, lines } = await started();
    const change = { method: 'PUT', headers: BEARER, body: '{"state":"forced_open"}' };
    const response = await fetch(`${url}/circuits/primary?target=large`, change);
    expect(await json(response)).toMatchObject([200, { target: 'large', state: 'forced_open' }]);
    expect(circuits.forced).toEqual([['primary', 'large', 'forced_open', 0]]);
    expect(lines.of('circuit_set')).toMatchObject([{ cluster: 'primary', target: 'large', state: 'forced_open' }]);
    expect((await fetch(`${url}/circuits/primary?target=none`, change)).status).toBe(404);
  });
});

describe('/policy', () => {
  it('says what applies to a target', async () => {
    const { get } = await startAdmin();
    const answer = await get('/policy?cluster=primary&route=checkout&target=large');
    expect(await answer.json()).toEqual({ cluster: 'primary', route: 'checkout', target: 'large' });
  });

  it('refuses a target without its cluster', async () => {
    const { get } = await startAdmin();
    const answer = await get('/policy?target=large');
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('target is given without a cluster'),
    ]);
  });
});
