// Runs rows through one mesh, one after the other, and checks for each all that its expectation says, and what holds for
// every request: the record's attempts are numbered, the counters agree with it, and nothing of ours reaches the client.

import { describe, expect, it } from 'vitest';
import { respond } from '../../support/behaviour.js';
import type { Answer } from '../../support/client.js';
import type { Mesh, UpstreamName } from '../../support/mesh.js';
import type { Metrics } from '../../support/metrics.js';
import { recordOf, settled } from '../../support/settled.js';
import { useMesh } from '../../support/use-mesh.js';
import type { CircuitView } from '../../support/views.js';
import type { Expectation, Row } from './row.js';

const NAMES: readonly UpstreamName[] = [
  ...(['primary', 'provider', 'secondary', 'slow', 'flaky', 'secure', 'poolA', 'poolB'] as const),
];

/** No circuit opens in these tests, and every result stays in the window: figures can be compared before and after. */
export const WATCHING = { minimumRequests: 10_000, window: { requests: 10_000, duration: '1h' } };

/** Declares one test per row, all on one mesh. */
export function describeRows(family: string, options: Parameters<typeof useMesh>[0], rows: readonly Row[]): void {
  describe(family, () => {
    const world = useMesh(options);
    it.each(rows.map((row) => [row.id, row.title, row] as const))('%s: %s', async (_id, _title, row) => {
      await checkRow(world.mesh, row);
    });
    it('lost no decision and no evidence on the way', async () => {
      await expectNothingLost(world.mesh, await settled(world.mesh));
    });
  });
}

/** What must hold after any test that was not about loss. */
export async function expectNothingLost({ envoy }: Mesh, metrics: Metrics): Promise<void> {
  const lost = [...(await envoy.stats(''))].filter(
    ([name, value]) => /ext_proc\.(failure_mode_allowed|rejected_header_mutations)$/.test(name) && value > 0,
  );
  expect(lost).toEqual([]);
  for (const name of ['sluice_faults_total', 'sluice_dropped_total']) expect(metrics.metric(name), name).toBe(0);
  expect(metrics.metric('sluice_trace_entries_total', { match: 'untagged' })).toBe(0);
  expect(metrics.metric('sluice_trace_entries_total', { match: 'unmatched' })).toBe(0);
}

let count = 0;

/** Sends the row's request, waits for its end, and looks at everything. */
export async function checkRow(mesh: Mesh, row: Row): Promise<void> {
  for (const name of NAMES) {
    mesh.upstreams[name].forget();
    mesh.upstreams[name].behave(row.upstreams?.[name] ?? respond(200));
  }
  const before = await look(mesh, row.expect);
  count += 1;
  const path = `/${row.to}/${row.id.toLowerCase()}-${count}`;
  const answer = await mesh.request(path, row.request);
  expectAnswer(answer, row.expect);
  await expectRecord(mesh, path, row.expect);
  expectReceived(mesh, row.expect);
  const after = await look(mesh, row.expect);
  expect(learnedBetween(before.circuits, after.circuits)).toEqual(row.expect.learned);
  expectCounted(before.metrics, after.metrics, row.expect);
  for (const [name, added] of Object.entries(row.expect.envoy ?? {})) {
    expect((after.envoy.get(name) ?? 0) - (before.envoy.get(name) ?? 0), name).toBe(added);
  }
}

async function look(mesh: Mesh, { envoy }: Expectation) {
  const metrics = await settled(mesh);
  const counters = Object.keys(envoy ?? {}).map(async (name) => [name, await mesh.envoy.counter(name)] as const);
  return { metrics, circuits: await mesh.sluice.circuits(), envoy: new Map(await Promise.all(counters)) };
}

function expectAnswer(answer: Answer, expected: Expectation): void {
  expect(answer.status).toBe(expected.status);
  if (expected.body !== undefined) expect(answer.body).toBe(expected.body);
  expect(answer.complete).toBe(expected.complete ?? true);
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-sluice-'))).toEqual([]);
}

async function expectRecord(mesh: Mesh, path: string, expected: Expectation): Promise<void> {
  const record = await recordOf(mesh, path);
  expect(record).toMatchObject({
    attempts: expected.attempts.map((attempt, index) => ({ attempt: index + 1, ...attempt })),
    result: expected.result,
    notRetried: expected.notRetried ?? null,
    status: expected.status,
    decision: expected.decision ?? 'admit',
    reason: null,
  });
}

function expectReceived(mesh: Mesh, { received }: Expectation): void {
  const counts = NAMES.map((name) => [name, mesh.upstreams[name].requests.length] as const);
  expect(Object.fromEntries(counts.filter(([, requests]) => requests > 0))).toEqual(received);
}

/** By cluster, where anything was learned. */
function learnedBetween(before: readonly CircuitView[], after: readonly CircuitView[]): Expectation['learned'] {
  const changes = after.map(({ cluster, requests, failures }) => {
    const old = before.find((each) => each.cluster === cluster);
    return [cluster, [requests - (old?.requests ?? 0), failures - (old?.failures ?? 0)]] as const;
  });
  return Object.fromEntries(changes.filter(([, [results]]) => results > 0));
}

function expectCounted(before: Metrics, after: Metrics, { decision = 'admit', attempts, result }: Expectation): void {
  const added = (name: string, labels = {}) => after.metric(name, labels) - before.metric(name, labels);
  expect(added('sluice_requests_total', { decision })).toBe(1);
  expect(added('sluice_requests_total')).toBe(1);
  // A body that was interrupted after good headers counts twice: as the success that it was, and as the failure.
  const interrupted = attempts.filter((attempt) => attempt.stage === 'body').length;
  expect(added('sluice_attempts_total')).toBe(attempts.length + interrupted);
  for (const { cluster = '', stage = '', outcome = '' } of attempts) {
    const same = attempts.filter(
      (each) => each.cluster === cluster && each.stage === stage && each.outcome === outcome,
    );
    expect(added('sluice_attempts_total', { cluster, stage, outcome })).toBe(same.length);
  }
  const retries = Math.max(0, attempts.length - 1);
  expect(added('sluice_retries_total', { result: 'granted' })).toBe(retries);
  expect(added('sluice_retries_total', { result: 'saved' })).toBe(retries > 0 && result === 'success' ? 1 : 0);
}
