// Whatever a client or an upstream sends in the names that Envoy and Sluice use among themselves gains it nothing: no
// further attempt, no forged record, no mismatch, and nothing of it reaches the other side.

import { beforeEach, describe, expect, it } from 'vitest';
import { echo, hang, respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import { sendRaw, sendRawAndLeave } from '../support/raw-client.js';
import { recordOf, recordsOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { WATCHING } from './rows/run.js';

const policy = {
  defaults: { circuit: WATCHING, retry: { maxRetries: 1 } },
  clusters: { flaky: { retry: { judge: true, statuses: [503], maxRetries: 1 } } },
};

const world = useMesh({ policy });

beforeEach(() => {
  for (const name of ['primary', 'secondary', 'slow', 'flaky'] as const) {
    world.mesh.upstreams[name].forget();
    world.mesh.upstreams[name].behave(respond(200));
  }
});

const CONTROLS: readonly (readonly [string, string])[] = [
  ['x-envoy-retry-on', '5xx,reset,connect-failure,retriable-status-codes,retriable-headers'],
  ['x-envoy-retry-grpc-on', 'unavailable'],
  ['x-envoy-max-retries', '9'],
  ['x-envoy-retriable-status-codes', '500,503'],
  ['x-envoy-retriable-header-names', 'x-always'],
  ['x-envoy-hedge-on-per-try-timeout', 'true'],
  ['x-envoy-upstream-rq-per-try-timeout-ms', '20'],
  ['x-envoy-upstream-rq-timeout-ms', '20'],
  ['x-envoy-upstream-rq-timeout-alt-response', '1'],
  ['x-envoy-attempt-count', '7'],
  ['x-sluice-id', 'forged'],
  ['x-sluice-cluster', 'secondary'],
  ['x-sluice-retry', '1'],
  ['x-sluice-reason', 'circuit_open'],
  ['x-sluice-role', 'judge'],
];
const TWICE = CONTROLS.flatMap(([name, value]) => [
  [name, value] as const,
  [name.replace('x-', 'X-'), `${value}0`] as const,
]);

describe('a client', () => {
  it.each([
    ['once', CONTROLS],
    ['twice', TWICE],
  ])('that sends every control header %s gains no attempt on a failing answer', async (times, headers) => {
    world.mesh.upstreams.primary.behave(respond(503, { headers: { 'x-always': '1' } }));
    const path = `/primary/controls-${times}`;
    expect((await sendRaw(world.mesh.envoy.port, path, headers)).status).toBe(503);
    const record = await recordOf(world.mesh, path);
    expect(record).toMatchObject({ cluster: 'primary', decision: 'admit', maxRetries: 1, result: 'failure' });
    expect(record.attempts).toMatchObject([{ attempt: 1, cluster: 'primary', status: 503 }]);
    expect(world.mesh.upstreams.primary.requests).toHaveLength(1);
    expect(world.mesh.upstreams.secondary.requests).toHaveLength(0);
  });

  it('that sends them all gets the attempts of the policy on a refused connection, no more and no fewer', async () => {
    const before = await world.mesh.envoy.counter('cluster.refusing.upstream_cx_connect_fail');
    await sendRaw(world.mesh.envoy.port, '/refusing/controls', TWICE);
    const record = await recordOf(world.mesh, '/refusing/controls');
    expect(record.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await world.mesh.envoy.counter('cluster.refusing.upstream_cx_connect_fail')).toBe(before + 2);
  });

  it('that wants a deadline of its own does not shorten that of the route', async () => {
    world.mesh.upstreams.primary.behave(respond(200, { delayMs: 100 }));
    expect((await sendRaw(world.mesh.envoy.port, '/primary/deadline', CONTROLS)).status).toBe(200);
    expect((await recordOf(world.mesh, '/primary/deadline')).result).toBe('success');
  });

  it('that sends them shows none of them to the upstream', async () => {
    world.mesh.upstreams.primary.behave(echo);
    await sendRaw(world.mesh.envoy.port, '/primary/seen', TWICE);
    const { headers = {} } = world.mesh.upstreams.primary.requests[0] ?? {};
    const control = Object.entries(headers).filter(([name]) => /^x-(envoy|sluice)-/.test(name));
    const { id } = await recordOf(world.mesh, '/primary/seen');
    expect(Object.fromEntries(control)).toEqual({
      'x-sluice-id': id,
      'x-envoy-attempt-count': '1',
      'x-envoy-expected-rq-timeout-ms': expect.stringMatching(/^1\d{4}$/),
    });
  });

  it('that sends the id of a request under way does not settle, end or change that one', async () => {
    world.mesh.upstreams.slow.behave(hang);
    world.mesh.upstreams.primary.behave(respond(500));
    const victim = world.mesh.request('/slow/victim');
    await eventually(() => expect(world.mesh.upstreams.slow.requests).toHaveLength(1));
    const stolen = String(world.mesh.upstreams.slow.requests[0]?.headers['x-sluice-id']);
    expect(stolen).toMatch(/^[\w-]{20,}$/);
    const thief = [
      ['x-sluice-id', stolen],
      ['X-Sluice-Id', stolen],
    ] as const;
    expect((await sendRaw(world.mesh.envoy.port, '/primary/thief', thief)).status).toBe(500);
    expect((await victim).status).toBe(504);
    const record = await recordOf(world.mesh, '/slow/victim');
    expect(record).toMatchObject({ id: stolen, cluster: 'slow', status: 504 });
    expect(record.attempts).toMatchObject([{ cluster: 'slow', error: 'response_timeout' }]);
    const other = await recordOf(world.mesh, '/primary/thief');
    expect(other.id).not.toBe(stolen);
    expect(other.attempts).toMatchObject([{ cluster: 'primary', status: 500 }]);
  });

  it('that leaves before it is given an id of its own does not end the request whose id it sent', async () => {
    // Where there is a judge the attempt is known to be under way, and could be settled by a forged end.
    const { flaky } = world.mesh.upstreams;
    flaky.behave(respond(500, { delayMs: 400 }));
    const victim = world.mesh.request('/flaky/robbed');
    await eventually(() => expect(flaky.requests).toHaveLength(1));
    const stolen = String(flaky.requests[0]?.headers['x-sluice-id']);
    const leave = () => sendRawAndLeave(world.mesh.envoy.port, '/primary/leaves', [['x-sluice-id', stolen]]);
    await Promise.all(Array.from({ length: 20 }, leave));
    expect((await victim).status).toBe(500);
    // The evidence of those who left is never complete: they are held for five seconds more.
    const metrics = await settled(world.mesh);
    const record = await recordOf(world.mesh, '/flaky/robbed');
    expect(record).toMatchObject({ id: stolen, result: 'failure', status: 500 });
    expect(record.attempts).toMatchObject([{ cluster: 'flaky', outcome: 'failure', status: 500 }]);
    expect(metrics.metric('sluice_trace_entries_total', { match: 'unmatched' })).toBe(0);
  });

  it('that reuses an x-request-id makes two requests with a record each', async () => {
    world.mesh.upstreams.slow.behave(respond(200, { delayMs: 50 }));
    const twin = { headers: { 'x-request-id': '5a7f7dbd-7a5d-4d4d-8f43-9d4c4c8f2a11' } };
    await Promise.all([world.mesh.request('/slow/twin', twin), world.mesh.request('/slow/twin', twin)]);
    const records = await recordsOf(world.mesh, '/slow/twin');
    expect(new Set(records.map(({ id }) => id)).size).toBe(2);
    for (const record of records) expect(record.attempts).toMatchObject([{ status: 200 }]);
  });
});

describe('an upstream', () => {
  const HEADERS = {
    'x-sluice-retry': ['1', '2'],
    'x-sluice-reason': 'circuit_open',
    'x-sluice-id': 'forged',
    'x-sluice-cluster': 'secondary',
    'x-envoy-max-retries': '9',
    'x-envoy-retry-on': '5xx',
    'x-envoy-attempt-count': '9',
  };

  it.each(['primary', 'flaky'] as const)(
    'that sends them with a good answer gains no attempt, and they do not reach the client (%s)',
    async (name) => {
      const upstream = world.mesh.upstreams[name];
      upstream.behave(respond(200, { body: 'good', headers: HEADERS }));
      const answer = await world.mesh.request(`/${name}/forged`);
      expect(answer).toMatchObject({ status: 200, body: 'good' });
      expect(Object.keys(answer.headers).filter((header) => header.startsWith('x-sluice-'))).toEqual([]);
      const record = await recordOf(world.mesh, `/${name}/forged`);
      expect(record).toMatchObject({ decision: 'admit', reason: null, result: 'success' });
      expect(record.attempts).toHaveLength(1);
      expect(upstream.requests).toHaveLength(1);
    },
  );

  it('that answers 503 in the name of Sluice is counted as the upstream that it is', async () => {
    const before = (await settled(world.mesh)).metric('sluice_short_circuits_total');
    world.mesh.upstreams.primary.behave(respond(503, { headers: HEADERS }));
    const answer = await world.mesh.request('/primary/in-our-name');
    expect(Object.keys(answer.headers).filter((header) => header.startsWith('x-sluice-'))).toEqual([]);
    const record = await recordOf(world.mesh, '/primary/in-our-name');
    expect(record).toMatchObject({ reason: null, result: 'failure', attempts: [{ outcome: 'failure', status: 503 }] });
    expect(world.mesh.upstreams.primary.requests).toHaveLength(1);
    expect((await settled(world.mesh)).metric('sluice_short_circuits_total')).toBe(before);
  });

  it('that asks for a retry where the judge grants one gets the attempts of the policy', async () => {
    world.mesh.upstreams.flaky.behave(respond(503, { headers: HEADERS }));
    await world.mesh.request('/flaky/asks');
    expect(world.mesh.upstreams.flaky.requests.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('lost no decision on the way, and took no log entry for another', async () => {
    const { metric } = await settled(world.mesh);
    expect(metric('sluice_faults_total')).toBe(0);
    expect(metric('sluice_trace_entries_total', { match: 'unmatched' })).toBe(0);
    expect(await world.mesh.envoy.counter('http.ingress.ext_proc.rejected_header_mutations')).toBe(0);
  });
});

describe('with Sluice absent', () => {
  const away = useMesh({ policy: null });

  it('a client gains no attempt by the control headers either', async () => {
    away.mesh.upstreams.primary.behave(respond(503, { headers: { 'x-always': '1' } }));
    expect((await sendRaw(away.mesh.envoy.port, '/primary/x', TWICE)).status).toBe(503);
    expect(away.mesh.upstreams.primary.requests).toHaveLength(1);
    const { headers = {} } = away.mesh.upstreams.primary.requests[0] ?? {};
    const control = Object.keys(headers).filter((name) =>
      /^x-(envoy-(max|retr|hedge|upstream)|sluice-(id|cl))/.test(name),
    );
    expect(control).toEqual([]);
  });
});
