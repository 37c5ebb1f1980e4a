import { describe, expect, it } from 'vitest';
import { aCircuit, aFailure, anAttempt, aRecord, aTransition, startAdmin } from './support.js';

async function json(response: Response): Promise<unknown> {
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return response.json();
}

describe('health', () => {
  it('is well while the process works', async () => {
    const { get } = await startAdmin({ ready: () => false });
    const response = await get('/healthz');
    expect([response.status, await json(response)]).toEqual([200, { status: 'ok' }]);
  });

  it('is ready only between start and drain', async () => {
    let ready = false;
    const { get } = await startAdmin({ ready: () => ready });
    const before = await get('/readyz');
    expect([before.status, await json(before)]).toEqual([503, { error: 'not ready: starting or draining' }]);
    ready = true;
    const after = await get('/readyz');
    expect([after.status, await json(after)]).toEqual([200, { status: 'ready' }]);
  });
});

describe('/circuits', () => {
  it('shows every circuit as it is now, with times of the wall clock', async () => {
    const { get, circuits, clock } = await startAdmin();
    clock.ms = 4321;
    circuits.add(aCircuit({ state: 'open', openedAtMs: 1000, retryAtMs: 6000, reason: 'failure_ratio' }));
    circuits.add(aCircuit({ cluster: 'secondary', mode: 'shadow' }));
    const response = await get('/circuits');
    expect([response.status, await json(response)]).toEqual([
      200,
      {
        circuits: [
          {
            cluster: 'primary',
            target: null,
            state: 'open',
            mode: 'enforce',
            requests: 10,
            failures: 5,
            failureRatio: 0.5,
            openedAt: '2026-01-02T03:04:06.000Z',
            retryAt: '2026-01-02T03:04:11.000Z',
            reason: 'failure_ratio',
          },
          {
            cluster: 'secondary',
            target: null,
            state: 'closed',
            mode: 'shadow',
            requests: 10,
            failures: 5,
            failureRatio: 0.5,
            openedAt: null,
            retryAt: null,
            reason: null,
          },
        ],
      },
    ]);
    expect(circuits.askedAtMs).toEqual([4321, 4321]);
  });

  it('shows none where there are none', async () => {
    const { get } = await startAdmin();
    expect(await json(await get('/circuits'))).toEqual({ circuits: [] });
  });

  it('lets others have their turn while it writes ten thousand', async () => {
    const { get, circuits } = await startAdmin();
    for (let index = 0; index < 10_000; index++) circuits.add(aCircuit({ cluster: `cluster-${index}` }));
    const answer = get('/circuits');
    let turnsBetween = 0;
    let writing = true;
    const turn = () => {
      if (circuits.askedAtMs.length > 0 && circuits.askedAtMs.length < 10_000) turnsBetween++;
      if (writing) setImmediate(turn);
    };
    turn();
    const { circuits: shown } = (await json(await answer)) as { circuits: { cluster: string }[] };
    writing = false;
    expect(shown.map(({ cluster }) => cluster)).toEqual(Array.from({ length: 10_000 }, (_, i) => `cluster-${i}`));
    expect(turnsBetween).toBeGreaterThan(50);
  });

  it('shows one with its streak, slow ratio, budget and transitions', async () => {
    const { get, circuits } = await startAdmin();
    circuits.add(aCircuit({ transitions: [aTransition()] }));
    const body = await json(await get('/circuits/primary'));
    expect(body).toEqual({
      cluster: 'primary',
      target: null,
      state: 'closed',
      mode: 'enforce',
      requests: 10,
      failures: 5,
      failureRatio: 0.5,
      openedAt: null,
      retryAt: null,
      reason: null,
      consecutiveFailures: 3,
      slowRatio: 0.1,
      budgetRemaining: 7.5,
      transitions: [
        {
          at: '2026-01-02T03:04:06.000Z',
          from: 'closed',
          to: 'open',
          reason: 'failure_ratio',
          requests: 10,
          failures: 5,
          failureRatio: 0.5,
          slowRatio: 0.1,
          consecutiveFailures: 3,
          retryAt: '2026-01-02T03:04:11.000Z',
        },
      ],
    });
  });

  it.each([
    'outbound|8080|v1|reviews.default.svc.cluster.local',
    'a/b/../c?d=e#f',
    'percent %41 plus + space',
    'emoji 🚀 "quoted" \\ \n',
    `long-${'x'.repeat(900)}`,
    '.',
    '..',
  ])('finds %j by its name, however it has to be encoded', async (cluster) => {
    const { get, circuits } = await startAdmin();
    circuits.add(aCircuit({ cluster }));
    // A client folds dots in a path, encoded or not: these two names cannot be asked for by themselves.
    const isDots = /^\.+$/.test(cluster);
    const response = await get(`/circuits/${encodeURIComponent(cluster)}`);
    expect([isDots, response.status]).toEqual([isDots, isDots ? response.status : 200]);
    const list = await get('/circuits');
    expect(await json(list)).toMatchObject({ circuits: [{ cluster }] });
  });

  it('says which cluster it does not know', async () => {
    const { get } = await startAdmin();
    const response = await get('/circuits/nobody%0A');
    expect([response.status, await json(response)]).toEqual([
      404,
      { error: 'no circuit for cluster nobody\\u{a}: see /circuits for those there are' },
    ]);
  });
});

describe('/requests', () => {
  it('tells the whole story of a request, and nothing that the core keeps beside it', async () => {
    const { get, records } = await startAdmin();
    const internal = { traced: true, startedAtMs: 5, withdrawnAtMs: null, secret: 'x' };
    const attempts = [
      { ...aFailure({ durationMs: 0.12345 }), ...internal },
      anAttempt({ attempt: 2, cluster: 'secondary', waitMs: 25 }),
      anAttempt({ attempt: 3, settled: false }),
    ];
    const record = aRecord({ id: 'a', attempts, result: 'success', status: 200, startedAtMs: 1000, endedAtMs: 1250.5 });
    records.decided(Object.assign(record, { secret: 'y' }));
    const expected = {
      id: 'a',
      method: 'GET',
      path: '/orders/1',
      route: 'orders',
      cluster: 'primary',
      target: null,
      decision: 'admit',
      reason: null,
      maxRetries: 1,
      attempts: [
        {
          attempt: 1,
          cluster: 'primary',
          target: null,
          host: '10.0.0.1:80',
          stage: 'connect',
          outcome: 'failure',
          status: null,
          error: 'connection_refused',
          message: 'delayed connect error: Connection refused',
          durationMs: 0.123,
          waitMs: 0,
        },
        {
          attempt: 2,
          cluster: 'secondary',
          target: null,
          host: '10.0.0.1:80',
          stage: 'response',
          outcome: 'success',
          status: 200,
          error: null,
          message: null,
          durationMs: 12,
          waitMs: 25,
        },
      ],
      notRetried: null,
      result: 'success',
      status: 200,
      startedAt: '2026-01-02T03:04:06.000Z',
      durationMs: 250.5,
    };
    expect(await json(await get('/requests'))).toEqual({ requests: [expected] });
    expect(await json(await get('/requests/a'))).toEqual(expected);
  });

  it('N17: shows the error of every attempt where all failed, not only the last', async () => {
    const { get, records } = await startAdmin();
    const attempts = [
      aFailure(),
      aFailure({ attempt: 2, error: 'response_timeout', stage: 'request_sent', message: 'per try timeout' }),
      aFailure({ attempt: 3, error: 'status', stage: 'response', status: 503, message: null }),
    ];
    records.decided(aRecord({ id: 'a', attempts, result: 'failure', notRetried: 'exhausted' }));
    expect(await json(await get('/requests/a'))).toMatchObject({
      result: 'failure',
      notRetried: 'exhausted',
      attempts: [
        { error: 'connection_refused', message: 'delayed connect error: Connection refused' },
        { error: 'response_timeout', message: 'per try timeout' },
        { error: 'status', status: 503 },
      ],
    });
  });

  it('shows a pending request without an end', async () => {
    const { get, records } = await startAdmin();
    records.decided(aRecord({ id: 'a' }));
    expect(await json(await get('/requests/a'))).toMatchObject({ result: 'pending', durationMs: null, attempts: [] });
  });

  it('never shows a query string', async () => {
    const { get, records } = await startAdmin();
    records.decided(aRecord({ path: '/pay?card=4111' }));
    const text = await (await get('/requests')).text();
    expect(text).toContain('"/pay"');
    expect(text).not.toContain('4111');
  });

  it('filters and limits, newest first', async () => {
    const { get, records } = await startAdmin();
    for (const [id, cluster] of ['a:blue', 'b:green', 'c:blue', 'd:blue'].map((pair) => pair.split(':'))) {
      const reason = id === 'd' ? null : 'circuit_open';
      records.decided(aRecord({ id: id ?? '', cluster: cluster ?? '', result: 'refused', reason }));
    }
    const idsOf = async (query: string) => {
      const { requests } = (await (await get(`/requests?${query}`)).json()) as { requests: { id: string }[] };
      return requests.map(({ id }) => id).join('');
    };
    expect(await idsOf('cluster=blue&result=refused&reason=circuit_open')).toBe('ca');
    expect((await idsOf('limit=2')).length).toBe(2);
    expect(await idsOf('result=success')).toBe('');
  });

  it.each([
    ['limit=0', 'query.limit: '],
    ['limit=1201', 'query.limit: '],
    ['limit=x', 'query.limit: '],
    ['limit=1.5', 'query.limit: '],
    ['limit=1&limit=2', 'query.limit: '],
    ['result=good', 'query.result: '],
    ['reason=because', 'query.reason: '],
    ['cluster=', 'query.cluster: '],
    ['colour=blue', 'query: '],
    ['limit=0&result=good', '; query.result: '],
  ])('refuses ?%s and says what is allowed', async (query, place) => {
    const { get } = await startAdmin();
    const response = await get(`/requests?${query}`);
    expect(response.status).toBe(400);
    const body = await json(response);
    expect(body).toEqual({ error: expect.stringContaining(place) });
    expect(body).toEqual({
      error: expect.stringMatching(
        /Allowed: limit \(1 to 1200\), cluster \(a name\), target \(a value of its key\), result \(pending, .*\), reason \(circuit_open, .*\)$/,
      ),
    });
  });

  it('says that a request is not held', async () => {
    const { get } = await startAdmin();
    const response = await get('/requests/nope');
    expect([response.status, await json(response)]).toEqual([
      404,
      { error: 'no request nope is held: it never was, or it fell out; see /requests' },
    ]);
  });
});

describe('/policy', () => {
  it('shows the one in force, sets and maps included', async () => {
    const inForce = () => ({ statuses: new Set([502, 503]), byStatus: new Map([[429, { baseMs: 1000 }]]) });
    const { get } = await startAdmin({ policy: { inForce, explain: () => null } });
    expect(await json(await get('/policy'))).toEqual({ statuses: [502, 503], byStatus: { 429: { baseMs: 1000 } } });
  });

  it('explains what applies to a cluster, and to a route of it', async () => {
    const { get } = await startAdmin();
    const cluster = 'outbound|80||a.b';
    const query = `cluster=${encodeURIComponent(cluster)}`;
    expect(await json(await get(`/policy?${query}`))).toEqual({ cluster, route: null, target: null });
    expect(await json(await get(`/policy?${query}&route=checkout`))).toEqual({
      cluster,
      route: 'checkout',
      target: null,
    });
  });

  it.each(['route=checkout', 'name=x', 'cluster='])('refuses ?%s and says what is allowed', async (query) => {
    const { get } = await startAdmin();
    const response = await get(`/policy?${query}`);
    expect(response.status).toBe(400);
    expect(await json(response)).toEqual({
      error: expect.stringMatching(
        /Allowed: cluster \(a name\), and with it route \(a name\) and target \(a value of its key\)$/,
      ),
    });
  });
});
