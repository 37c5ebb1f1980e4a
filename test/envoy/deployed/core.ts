// What has to hold behind every control plane, whatever it makes of the files that this repository ships: retries of what
// was not written, none of what was, circuits, gate, records, and no way in for a client. Names come from the world.

import { beforeEach, describe, expect, it } from 'vitest';
import { echo, inTurn, reset, respond } from '../../support/behaviour.js';
import type { Answer } from '../../support/client.js';
import { TOKEN, type World } from '../../support/deployed/world.js';
import { eventually } from '../../support/eventually.js';
import { recordOf, recordsOf, settled } from '../../support/settled.js';
import { WATCHING } from '../rows/run.js';

export interface Judged {
  /** Whether `ledger` has the judge. */
  readonly judge: boolean;
}

/** By the names of a control plane. */
export function corePolicy(cluster: (service: string) => string, { judge }: Judged): object {
  return {
    defaults: { circuit: WATCHING, retry: { maxRetries: 1 } },
    clusters: {
      [cluster('tripping')]: { circuit: { minimumRequests: 2, failureRatio: 1, open: { base: '5m' } } },
      [cluster('held')]: { retry: { on: ['connect-failure', 'reset'] } },
      [cluster('ledger')]: { retry: { judge, statuses: [503] } },
    },
  };
}

/** Client's headers that Envoy or Sluice would obey from anybody else. */
const CONTROLS = {
  'x-envoy-retry-on': '5xx,reset,retriable-status-codes',
  'x-envoy-retry-grpc-on': 'unavailable',
  'x-envoy-max-retries': '9',
  'x-envoy-retriable-status-codes': '503',
  'x-envoy-retriable-header-names': 'x-always',
  'x-envoy-upstream-rq-per-try-timeout-ms': '20',
  'x-envoy-upstream-rq-timeout-ms': '20',
  'x-sluice-id': 'forged',
  'x-sluice-cluster': 'sluice',
  'x-sluice-retry': '1',
};

function ours(answer: Answer): string[] {
  return Object.keys(answer.headers).filter((name) => name.startsWith('x-sluice-'));
}

/** Declares the tests; the world's policy has to be `corePolicy`, and everything of it is in force. */
export function describeCore(world: World, { judge }: Judged): void {
  const { cluster } = world.proxy;

  beforeEach(() => {
    for (const upstream of Object.values(world.upstreams)) {
      upstream.forget();
      upstream.behave(respond(200));
    }
  });

  describe('a request', () => {
    it('that succeeds is one attempt, under the name that the control plane gives the cluster', async () => {
      const answer = await world.request('payments', '/fine');
      expect(answer).toMatchObject({ status: 200, body: 'status 200' });
      expect(ours(answer)).toEqual([]);
      const record = await recordOf(world, '/fine');
      expect(record).toMatchObject({
        cluster: cluster('payments'),
        decision: 'admit',
        result: 'success',
        maxRetries: 1,
      });
      expect(record.attempts).toMatchObject([
        { attempt: 1, cluster: cluster('payments'), outcome: 'success', status: 200 },
      ]);
      const { headers = {}, attempt } = world.upstreams.payments.requests[0] ?? {};
      expect(attempt).toBe(1);
      expect(headers['x-sluice-id']).toBe(record.id);
      expect(Object.keys(headers).filter((name) => /^x-envoy-(max|retr)/.test(name))).toEqual([]);
    });

    it('that finds nobody listening is tried again, POST included, and both attempts are known', async () => {
      const answer = await world.request('closed', '/refused', { method: 'POST', body: 'once' });
      expect(answer.status).toBe(503);
      expect(ours(answer)).toEqual([]);
      const record = await recordOf(world, '/refused');
      const refused = { cluster: cluster('closed'), stage: 'connect', outcome: 'failure', error: 'connection_refused' };
      expect(record.attempts).toMatchObject([
        { attempt: 1, ...refused },
        { attempt: 2, ...refused },
      ]);
      expect(record).toMatchObject({ maxRetries: 1, result: 'failure', notRetried: 'exhausted' });
    });

    it('that finds one host of two gone is saved by the other, and arrives there once', async () => {
      // They take turns: of two requests one at least begins with the host that is gone.
      for (const each of [1, 2]) {
        expect((await world.request('orders', `/saved-${each}`, { method: 'POST', body: 'once' })).status).toBe(200);
      }
      const records = [...(await recordsOf(world, '/saved-1')), ...(await recordsOf(world, '/saved-2'))];
      const saved = records.filter((record) => record.attempts.length === 2);
      expect(saved.length).toBeGreaterThan(0);
      for (const { attempts } of saved) {
        expect(attempts).toMatchObject([{ stage: 'connect', outcome: 'failure' }, { outcome: 'success' }]);
      }
      expect(world.upstreams.orders.requests).toHaveLength(2);
    });

    it('that was written is not sent again when its connection is reset', async () => {
      world.upstreams.payments.behave(reset);
      expect((await world.request('payments', '/written', { method: 'POST', body: 'once' })).status).toBe(503);
      expect(world.upstreams.payments.requests).toHaveLength(1);
      const record = await recordOf(world, '/written');
      expect(record).toMatchObject({ result: 'failure', notRetried: 'written' });
      expect(record.attempts).toMatchObject([{ stage: 'request_sent', outcome: 'failure', error: 'reset' }]);
    });

    it('of gRPC that was answered UNAVAILABLE is not sent again', async () => {
      world.upstreams.calls.behave(
        respond(200, { headers: { 'content-type': 'application/grpc', 'grpc-status': '14' } }),
      );
      const headers = { 'content-type': 'application/grpc', te: 'trailers' };
      await world.request('calls', '/Charge', { method: 'POST', headers, body: 'once' });
      expect(world.upstreams.calls.requests).toHaveLength(1);
      expect((await recordOf(world, '/Charge')).attempts).toMatchObject([{ outcome: 'failure', error: 'grpc_status' }]);
    });
  });

  describe('a circuit', () => {
    it('opens on failures and answers in place of the cluster, with the reason', async () => {
      world.upstreams.tripping.behave(respond(503));
      for (const each of [1, 2]) expect((await world.request('tripping', `/trip-${each}`)).status).toBe(503);
      await settled(world);
      const answer = await world.request('tripping', '/short');
      const reason = { reason: 'circuit_open', cluster: cluster('tripping') };
      expect(answer).toMatchObject({
        status: 503,
        headers: {
          'content-type': 'application/problem+json',
          'retry-after': expect.stringMatching(/^[1-9]\d*$/),
          'x-sluice-reason': 'circuit_open',
          'x-sluice-cluster': cluster('tripping'),
        },
      });
      expect(JSON.parse(answer.body)).toMatchObject({ status: 503, ...reason });
      expect(world.upstreams.tripping.requests).toHaveLength(2);
      expect(await recordOf(world, '/short')).toMatchObject({ decision: 'short_circuit', ...reason });
    });
  });

  describe('the gate', () => {
    it('refuses a retry whose circuit was opened meanwhile, and says so', async () => {
      const request = world.request('held', '/late');
      await eventually(() => expect(world.held.arrived()).toBe(1));
      await force(world, 'held', 'forced_open');
      world.held.reset();
      const answer = await request;
      const refusal = { 'x-sluice-reason': 'forced_open', 'x-sluice-cluster': cluster('held') };
      expect(answer).toMatchObject({ status: 503, headers: refusal });
      expect(world.held.arrived()).toBe(1);
      const record = await recordOf(world, '/late');
      expect(record).toMatchObject({ maxRetries: 1, result: 'refused', reason: 'forced_open' });
      expect(record.attempts).toMatchObject([{ attempt: 1, stage: 'request_sent', error: 'reset' }]);
      await force(world, 'held', 'auto');
    });
  });

  if (judge) describeJudge(world);

  describe('a client', () => {
    it('that sends every control header gains no attempt, no deadline and no other cluster', async () => {
      world.upstreams.payments.behave(
        respond(503, { delayMs: 50, headers: { 'x-always': '1', 'x-sluice-retry': '1' } }),
      );
      const answer = await world.request('payments', '/forged', { headers: CONTROLS });
      expect(answer).toMatchObject({ status: 503, body: 'status 503' });
      expect(ours(answer)).toEqual([]);
      expect(world.upstreams.payments.requests).toHaveLength(1);
      expect((await recordOf(world, '/forged')).attempts).toMatchObject([{ status: 503 }]);
    });

    it('that sends them shows none of them to the upstream', async () => {
      world.upstreams.payments.behave(echo);
      const seen = JSON.parse((await world.request('payments', '/seen', { headers: CONTROLS })).body);
      const { id } = await recordOf(world, '/seen');
      expect(Object.keys(seen).filter((name) => name in CONTROLS)).toEqual(['x-sluice-id']);
      expect(seen['x-sluice-id']).toBe(id);
    });
  });

  it('an operator closes off a cluster by its name', async () => {
    await world.request('backup', '/before');
    await force(world, 'backup', 'forced_open');
    expect((await world.request('backup', '/off')).headers['x-sluice-reason']).toBe('forced_open');
    await force(world, 'backup', 'auto');
    expect((await world.request('backup', '/on')).status).toBe(200);
  });

  it('no decision, no header and no evidence was lost on the way', async () => {
    await expectNothingLost(world);
  });
}

/** By hand, by the name that the control plane gives the cluster. */
export async function force(world: World, service: string, state: 'forced_open' | 'auto'): Promise<void> {
  const path = `/circuits/${encodeURIComponent(world.proxy.cluster(service))}`;
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await world.sluice.fetch(path, { method: 'PUT', headers, body: JSON.stringify({ state }) });
  expect(response.status).toBe(200);
}

function describeJudge(world: World): void {
  describe('the judge', () => {
    it('has a failing answer retried, after the wait that the upstream asks for', async () => {
      const busy = respond(503, { headers: { 'retry-after-ms': '20' } });
      world.upstreams.ledger.behave(inTurn(busy, respond(200)));
      const answer = await world.request('ledger', '/judged');
      expect(answer.status).toBe(200);
      expect(ours(answer)).toEqual([]);
      const { attempts } = await recordOf(world, '/judged');
      expect(attempts).toMatchObject([{ status: 503 }, { status: 200 }]);
      expect(attempts[1]?.waitMs).toBeGreaterThanOrEqual(20);
      expect(world.upstreams.ledger.requests.map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    it('lets one pass that may not be repeated, as it came', async () => {
      world.upstreams.ledger.behave(respond(503, { body: 'busy', headers: { 'x-sluice-retry': '1' } }));
      const answer = await world.request('ledger', '/judged-post', { method: 'POST', body: 'once' });
      expect(answer).toMatchObject({ status: 503, body: 'busy' });
      expect(ours(answer)).toEqual([]);
      expect(world.upstreams.ledger.requests).toHaveLength(1);
      expect(await recordOf(world, '/judged-post')).toMatchObject({ notRetried: 'not_idempotent' });
    });
  });
}

/** What must hold after any test that was not about loss. */
export async function expectNothingLost(world: World): Promise<void> {
  const metrics = await settled(world);
  const lost = [...(await world.envoy.stats(''))].filter(
    ([name, value]) => /ext_proc\.(failure_mode_allowed|rejected_header_mutations)$/.test(name) && value > 0,
  );
  expect(lost).toEqual([]);
  for (const name of ['sluice_faults_total', 'sluice_dropped_total']) expect(metrics.metric(name), name).toBe(0);
  for (const match of ['untagged', 'unmatched']) {
    expect(metrics.metric('sluice_trace_entries_total', { match }), match).toBe(0);
  }
}
