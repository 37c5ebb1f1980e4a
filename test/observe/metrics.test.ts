import { describe, expect, it } from 'vitest';
import { CIRCUIT_STATES, DECISIONS } from '../../src/core/reasons.js';
import { METRICS } from '../../src/observe/metrics/catalogue.js';
import { Metrics } from '../../src/observe/metrics.js';
import {
  aCircuit,
  aFailure,
  anAttempt,
  aRecord,
  aTransition,
  FakeCircuits,
  newMetrics,
  parseScrape,
  scrape,
  seriesOf,
  startAdmin,
} from './support.js';

const SOURCES = {
  circuits: () => [aCircuit({ state: 'half_open' }), aCircuit({ cluster: 'secondary' })],
  budgetRemaining: (cluster: string) => (cluster === 'primary' ? 3.5 : null),
  streams: () => 4,
  sessions: () => 3,
  records: () => 17,
};

describe('the policy', () => {
  it('is that of the file at the start, not since the file was rejected, and again once one was applied', async () => {
    const metrics = newMetrics();
    const ok = async () => seriesOf(await scrape(metrics), 'sluice_policy_ok', {});
    expect(await ok()).toBe(1);
    metrics.policyReload('rejected');
    expect(await ok()).toBe(0);
    metrics.policyReload('rejected');
    expect(await ok()).toBe(0);
    metrics.policyReload('applied');
    expect(await ok()).toBe(1);
  });
});

describe('the lag of the trace', () => {
  const lagOf = async (...endedAtMs: number[]) => {
    const metrics = new Metrics({ version: 'test', processMetrics: false, wallClock: () => 100_000 });
    for (const ended of endedAtMs) metrics.traceArrived(ended);
    const families = await scrape(metrics);
    const of = (suffix: string, labels = {}) => seriesOf(families, `sluice_trace_lag_seconds${suffix}`, labels);
    return { count: of('_count'), sum: of('_sum'), quick: of('_bucket', { le: '0.1' }) };
  };

  it('is the time from the end of the oldest entry to its arrival', async () => {
    expect(await lagOf(99_950, 96_000)).toEqual({ count: 2, sum: 4.05, quick: 1 });
  });

  it("leaves out what Envoy's clock puts into the future", async () => {
    expect(await lagOf(100_500, 99_950)).toMatchObject({ count: 1, quick: 1 });
  });

  it('is there before the first entry', async () => {
    expect(await lagOf()).toEqual({ count: 0, sum: 0, quick: 0 });
  });
});

describe('counting', () => {
  it('counts requests by routed cluster and decision, and shows the other decisions as 0', async () => {
    const metrics = newMetrics();
    metrics.decided(aRecord());
    metrics.decided(aRecord());
    metrics.decided(aRecord({ decision: 'short_circuit' }));
    const families = await scrape(metrics);
    const counts = DECISIONS.map((decision) =>
      seriesOf(families, 'sluice_requests_total', { cluster: 'primary', decision }),
    );
    expect(counts).toEqual([2, 0, 1, 0]);
  });

  it('counts attempts by the cluster they went to, stage and outcome', async () => {
    const metrics = newMetrics();
    metrics.attemptSettled(aRecord(), anAttempt());
    metrics.attemptSettled(aRecord(), aFailure({ cluster: 'secondary' }));
    const families = await scrape(metrics);
    const attempts = (cluster: string, stage: string, outcome: string) =>
      seriesOf(families, 'sluice_attempts_total', { cluster, stage, outcome });
    expect(attempts('primary', 'response', 'success')).toBe(1);
    expect(attempts('secondary', 'connect', 'failure')).toBe(1);
    expect(attempts('primary', 'connect', 'failure')).toBeUndefined();
  });

  it('counts an attempt without a cluster under the routed one', async () => {
    const metrics = newMetrics();
    metrics.attemptSettled(aRecord(), aFailure({ cluster: '', stage: 'local', outcome: 'ignored' }));
    const labels = { cluster: 'primary', stage: 'local', outcome: 'ignored' };
    expect(seriesOf(await scrape(metrics), 'sluice_attempts_total', labels)).toBe(1);
  });

  it('names a request without a cluster _none, as Prometheus takes an empty label for none', async () => {
    const metrics = newMetrics();
    metrics.decided(aRecord({ cluster: '', decision: 'unmanaged' }));
    const labels = { cluster: '_none', decision: 'unmanaged' };
    expect(seriesOf(await scrape(metrics), 'sluice_requests_total', labels)).toBe(1);
  });

  it('counts retries by result and reason, from both families of reasons', async () => {
    const metrics = newMetrics();
    metrics.retry('primary', 'granted', 'connection_refused', null, aRecord());
    metrics.retry('primary', 'refused', 'not_idempotent', null, aRecord());
    metrics.retry('primary', 'saved', 'connection_refused', null, aRecord());
    metrics.retry('primary', 'saved', 'connection_refused', null, aRecord());
    const families = await scrape(metrics);
    const retries = (result: string, reason: string) =>
      seriesOf(families, 'sluice_retries_total', { cluster: 'primary', result, reason });
    expect(retries('granted', 'connection_refused')).toBe(1);
    expect(retries('refused', 'not_idempotent')).toBe(1);
    expect(retries('saved', 'connection_refused')).toBe(2);
  });

  it('counts answers of Sluice by the cluster they stand for', async () => {
    const metrics = newMetrics();
    metrics.answered(aRecord(), 'secondary', 'circuit_open');
    metrics.answered(aRecord(), 'secondary', 'deadline');
    const families = await scrape(metrics);
    const answers = (reason: string) =>
      seriesOf(families, 'sluice_short_circuits_total', { cluster: 'secondary', reason });
    expect([answers('circuit_open'), answers('deadline'), answers('retry_budget')]).toEqual([1, 1, 0]);
  });

  it('counts transitions with from, to and reason', async () => {
    const metrics = newMetrics();
    metrics.transition(aTransition());
    metrics.transition(aTransition({ from: 'open', to: 'half_open', reason: 'open_time_over' }));
    const families = await scrape(metrics);
    const family = families.find(({ name }) => name === 'sluice_circuit_transitions_total');
    expect(family?.samples.map(({ labels, value }) => ({ ...labels, value }))).toEqual([
      { cluster: 'primary', from: 'closed', to: 'open', reason: 'failure_ratio', value: 1 },
      { cluster: 'primary', from: 'open', to: 'half_open', reason: 'open_time_over', value: 1 },
    ]);
  });

  it('counts what shadow mode would have done', async () => {
    const metrics = newMetrics();
    metrics.shadowed('primary', 'short_circuit', 'circuit_open');
    metrics.shadowed('primary', 'retry', 'status');
    const families = await scrape(metrics);
    const shadow = (decision: string, reason: string) =>
      seriesOf(families, 'sluice_shadow_total', { cluster: 'primary', decision, reason });
    expect([shadow('short_circuit', 'circuit_open'), shadow('retry', 'status')]).toEqual([1, 1]);
  });

  it('counts what has no cluster, and starts it at 0 so that a rate sees the first', async () => {
    const metrics = newMetrics();
    metrics.traceEntry('attempt', 'untagged');
    metrics.dropped('session');
    metrics.fault('decision');
    metrics.disturbed('clock_set');
    metrics.policyReload('rejected');
    metrics.logLinesDropped(3);
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_trace_entries_total', { type: 'attempt', match: 'untagged' })).toBe(1);
    expect(seriesOf(families, 'sluice_trace_entries_total', { type: 'request', match: 'settled' })).toBe(0);
    expect(seriesOf(families, 'sluice_dropped_total', { reason: 'session' })).toBe(1);
    expect(seriesOf(families, 'sluice_dropped_total', { reason: 'record' })).toBe(0);
    expect(seriesOf(families, 'sluice_faults_total', { reason: 'decision' })).toBe(1);
    expect(seriesOf(families, 'sluice_faults_total', { reason: 'process' })).toBe(0);
    expect(seriesOf(families, 'sluice_disturbances_total', { reason: 'clock_set' })).toBe(1);
    expect(seriesOf(families, 'sluice_disturbances_total', { reason: 'stalled' })).toBe(0);
    expect(seriesOf(families, 'sluice_policy_reloads_total', { result: 'rejected' })).toBe(1);
    expect(seriesOf(families, 'sluice_policy_reloads_total', { result: 'applied' })).toBe(0);
    expect(seriesOf(families, 'sluice_policy_ok', {})).toBe(0);
    expect(seriesOf(families, 'sluice_log_lines_dropped_total')).toBe(3);
    expect(seriesOf(families, 'sluice_label_overflow_total')).toBe(0);
  });

  it('never counts down from one scrape to the next', async () => {
    const metrics = newMetrics();
    metrics.decided(aRecord());
    await scrape(metrics);
    metrics.decided(aRecord());
    const labels = { cluster: 'primary', decision: 'admit' };
    expect(seriesOf(await scrape(metrics), 'sluice_requests_total', labels)).toBe(2);
    expect(seriesOf(await scrape(metrics), 'sluice_requests_total', labels)).toBe(2);
  });
});

describe('reroutes', () => {
  const reroute = () => aRecord({ decision: 'reroute' });

  it('counts one by the pair of clusters when its first attempt is settled', async () => {
    const metrics = newMetrics();
    const record = reroute();
    metrics.decided(record);
    metrics.attemptSettled(record, aFailure({ cluster: 'secondary' }));
    metrics.attemptSettled(record, anAttempt({ attempt: 2, cluster: 'tertiary' }));
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_reroutes_total', { from: 'primary', to: 'secondary' })).toBe(1);
    expect(families.find(({ name }) => name === 'sluice_reroutes_total')?.samples).toHaveLength(1);
  });

  it('counts it at once where the first attempt is already known', async () => {
    const metrics = newMetrics();
    const attempts = [anAttempt({ cluster: 'secondary', settled: false })];
    const record = aRecord({ decision: 'reroute', attempts });
    metrics.decided(record);
    metrics.attemptSettled(record, anAttempt({ cluster: 'secondary' }));
    expect(seriesOf(await scrape(metrics), 'sluice_reroutes_total', { from: 'primary', to: 'secondary' })).toBe(1);
  });

  it('counts an attempt that is settled and then interrupted as one reroute', async () => {
    const metrics = newMetrics();
    const record = reroute();
    metrics.decided(record);
    metrics.attemptSettled(record, anAttempt({ cluster: 'secondary' }));
    metrics.attemptSettled(record, aFailure({ cluster: 'secondary', stage: 'body', error: 'interrupted' }));
    expect(seriesOf(await scrape(metrics), 'sluice_reroutes_total', { from: 'primary', to: 'secondary' })).toBe(1);
  });

  it('counts pairs past the limit under _other, and says how many', async () => {
    const metrics = newMetrics({ clusterLimit: 2 });
    for (const to of ['a', 'b', 'c', 'd', 'c']) {
      const record = reroute();
      metrics.decided(record);
      metrics.attemptSettled(record, anAttempt({ cluster: to, durationMs: null, stage: 'body' }));
    }
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_reroutes_total', { from: 'primary', to: 'b' })).toBe(1);
    expect(seriesOf(families, 'sluice_reroutes_total', { from: '_other', to: '_other' })).toBe(3);
  });
});

describe('durations', () => {
  it('puts an attempt into every bucket from its duration on, the bound included', async () => {
    const metrics = newMetrics();
    for (const durationMs of [0.4, 1, 30, 70_000]) metrics.attemptSettled(aRecord(), anAttempt({ durationMs }));
    const families = await scrape(metrics);
    const bucket = (le: string) =>
      seriesOf(families, 'sluice_attempt_duration_seconds_bucket', { cluster: 'primary', le });
    expect([bucket('0.001'), bucket('0.025'), bucket('0.05'), bucket('60'), bucket('+Inf')]).toEqual([2, 2, 3, 3, 4]);
    expect(seriesOf(families, 'sluice_attempt_duration_seconds_count', { cluster: 'primary' })).toBe(4);
    expect(seriesOf(families, 'sluice_attempt_duration_seconds_sum', { cluster: 'primary' })).toBeCloseTo(70.0314, 6);
  });

  it('leaves out a duration that is unknown, and a clock that went wrong', async () => {
    const metrics = newMetrics();
    for (const durationMs of [null, -1, Number.NaN, Number.POSITIVE_INFINITY, 5]) {
      metrics.attemptSettled(aRecord(), anAttempt({ durationMs }));
    }
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_attempt_duration_seconds_count', { cluster: 'primary' })).toBe(1);
    expect(seriesOf(families, 'sluice_attempt_duration_seconds_sum', { cluster: 'primary' })).toBeCloseTo(0.005, 9);
  });

  it('measures an attempt once when its body is interrupted after its headers', async () => {
    const metrics = newMetrics();
    metrics.attemptSettled(aRecord(), anAttempt());
    metrics.attemptSettled(aRecord(), aFailure({ stage: 'body', error: 'interrupted' }));
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_attempt_duration_seconds_count', { cluster: 'primary' })).toBe(1);
    const labels = { cluster: 'primary', stage: 'body', outcome: 'failure' };
    expect(seriesOf(families, 'sluice_attempts_total', labels)).toBe(1);
  });

  it('measures decisions by role, from a microsecond on', async () => {
    const metrics = newMetrics();
    metrics.decisionTook('gate', 0.001);
    metrics.decisionTook('gate', 0.004);
    const families = await scrape(metrics);
    const bucket = (role: string, le: string) =>
      seriesOf(families, 'sluice_decision_duration_seconds_bucket', { role, le });
    expect([bucket('gate', '0.000001'), bucket('gate', '0.000005'), bucket('judge', '+Inf')]).toEqual([1, 2, 0]);
  });

  it('has buckets from 1 ms to 60 s for attempts and from 1 us to 10 ms for decisions, rising', () => {
    const attempts: readonly number[] = METRICS.sluice_attempt_duration_seconds.buckets;
    const decisions: readonly number[] = METRICS.sluice_decision_duration_seconds.buckets;
    expect([attempts[0], attempts.at(-1), decisions[0], decisions.at(-1)]).toEqual([0.001, 60, 0.000001, 0.01]);
    for (const bounds of [attempts, decisions]) expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
  });
});

describe('gauges', () => {
  it('are read from their owners at the scrape', async () => {
    const metrics = newMetrics();
    let records = 1;
    metrics.readFrom({ ...SOURCES, records: () => records });
    expect(seriesOf(await scrape(metrics), 'sluice_sessions')).toBe(3);
    expect(seriesOf(await scrape(metrics), 'sluice_records')).toBe(1);
    records = 2;
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_records')).toBe(2);
    expect(seriesOf(families, 'sluice_streams', { role: 'judge' })).toBe(4);
  });

  it('show exactly one state of each circuit as 1 and every other as 0', async () => {
    const metrics = newMetrics();
    metrics.readFrom(SOURCES);
    const families = await scrape(metrics);
    const states = (cluster: string) =>
      CIRCUIT_STATES.filter((state) => seriesOf(families, 'sluice_circuit_state', { cluster, state }) === 1);
    expect(states('primary')).toEqual(['half_open']);
    expect(states('secondary')).toEqual(['closed']);
    expect(families.find(({ name }) => name === 'sluice_circuit_state')?.samples).toHaveLength(12);
  });

  it('leave out the budget of a cluster that has none', async () => {
    const metrics = newMetrics();
    metrics.readFrom(SOURCES);
    const families = await scrape(metrics);
    expect(seriesOf(families, 'sluice_retry_budget_remaining', { cluster: 'primary' })).toBe(3.5);
    expect(seriesOf(families, 'sluice_retry_budget_remaining', { cluster: 'secondary' })).toBeUndefined();
  });

  it('have no value before their owners are known', async () => {
    const families = await scrape(newMetrics());
    for (const name of ['sluice_streams', 'sluice_records', 'sluice_circuit_state']) {
      expect(families.find((family) => family.name === name)?.samples).toEqual([]);
    }
  });

  it('that cannot be read are left out and counted, and the rest of the scrape goes on', async () => {
    const metrics = newMetrics();
    metrics.decided(aRecord());
    const circuits = () => {
      throw new Error('broken');
    };
    metrics.readFrom({ ...SOURCES, circuits });
    const first = await scrape(metrics);
    expect(seriesOf(first, 'sluice_records')).toBe(17);
    expect(seriesOf(first, 'sluice_requests_total', { cluster: 'primary', decision: 'admit' })).toBe(1);
    expect(seriesOf(await scrape(metrics), 'sluice_faults_total', { reason: 'scrape' })).toBeGreaterThanOrEqual(2);
  });

  it('tell the version', async () => {
    const labels = { version: '1.2.3', node: process.version };
    expect(seriesOf(await scrape(newMetrics()), 'sluice_build_info', labels)).toBe(1);
  });
});

describe('a scrape over HTTP', () => {
  it('has every metric of the catalogue with its type, its help and no other label, and the process', async () => {
    const metrics = new Metrics({ version: '1.2.3' });
    const { get } = await startAdmin({ metrics });
    metrics.readFrom(SOURCES);
    countOneOfEach(metrics);
    const response = await get('/metrics');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = parseScrape(await response.text());
    for (const [name, entry] of Object.entries(METRICS)) {
      const family = families.find((candidate) => candidate.name === name);
      expect([name, family?.type, family?.help]).toEqual([name, entry.type, entry.help]);
      const labels = new Set(family?.samples.flatMap((sample) => Object.keys(sample.labels)));
      labels.delete('le');
      expect([name, [...labels].sort()]).toEqual([name, [...entry.labels].sort()]);
    }
    const own = families.filter(({ name }) => name.startsWith('sluice_')).map(({ name }) => name);
    expect(own.sort()).toEqual(Object.keys(METRICS).sort());
    expect(seriesOf(families, 'process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(families.some(({ name }) => name === 'nodejs_eventloop_lag_seconds')).toBe(true);
  });

  it('can be made by several at once', async () => {
    const { get, metrics } = await startAdmin();
    metrics.decided(aRecord());
    const texts = await Promise.all([1, 2, 3, 4].map(async () => (await get('/metrics')).text()));
    expect(new Set(texts).size).toBe(1);
  });

  it('gives the traffic its turn between two metrics', async () => {
    const metrics = newMetrics();
    metrics.readFrom({ ...SOURCES, circuits: () => [...new FakeCircuits().circuits.values()] });
    let turns = 0;
    const turn = () => {
      turns++;
      pending = setImmediate(turn);
    };
    let pending = setImmediate(turn);
    await metrics.scrape();
    clearImmediate(pending);
    expect(turns).toBeGreaterThanOrEqual(Object.keys(METRICS).length - 1);
  });
});

function countOneOfEach(metrics: Metrics): void {
  metrics.tlsInUse('cert', { fromMs: 0, untilMs: 1_000 });
  const record = aRecord({ decision: 'reroute' });
  metrics.decided(record);
  metrics.attemptSettled(record, anAttempt({ cluster: 'secondary' }));
  metrics.answered(record, 'primary', 'deadline');
  metrics.retry('primary', 'granted', 'reset', null, record);
  metrics.shadowed('primary', 'retry', 'status');
  metrics.transition(aTransition());
  metrics.finished();
}
