// How long the judge waits, told by the upstream's clock: from one arrival of a request to the next. All requests are under
// way at once, so that the file takes as long as its slowest row.

import { beforeAll, describe, expect, it } from 'vitest';
import { respond } from '../support/behaviour.js';
import type { Answer } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { recordOf, settled } from '../support/settled.js';
import type { ReceivedRequest } from '../support/upstream.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost, WATCHING } from './rows/run.js';

const policy = {
  ceilings: { maxRetries: 10 },
  defaults: {
    circuit: WATCHING,
    retry: {
      judge: true,
      statuses: [429, 502, 503],
      nonIdempotent: true,
      budget: { ratio: 0, minPerSecond: 1, window: '1h' },
    },
  },
  clusters: {
    // The pool's schedules.
    flaky: {
      retry: {
        maxRetries: 3,
        backoff: { base: '500ms', max: '8s', jitter: 'none', byStatus: { 429: { base: '1s', max: '8s' } } },
      },
    },
    // The tools': short waits, so that what the server asks for is the longer one.
    provider: {
      retry: {
        maxRetries: 1,
        backoff: { base: '20ms', max: '20ms', jitter: 'none', byStatus: {} },
        honour: { retryAfter: true, max: '3s' },
      },
    },
  },
};

interface Wait {
  readonly id: string;
  readonly title: string;
  readonly to: 'flaky' | 'provider';
  /** Answers to the attempts, in order; the last one repeats. A function is asked when the attempt comes. */
  readonly answers: readonly (number | (() => { status: number; headers: Record<string, string> }))[];
  /** Milliseconds between arrivals. */
  readonly waits: readonly number[];
  readonly status: number;
  readonly notRetried: string | null;
}

const asking = (headers: () => Record<string, string>) => () => ({ status: 503, headers: headers() });
const wish = (title: string, headers: () => Record<string, string>, wait: number | null): Wait => ({
  id: 'I17',
  title: `${title} ${wait === null ? 'means no retry' : `is waited for: ${wait} ms`}`,
  to: 'provider',
  answers: [asking(headers), 200],
  waits: wait === null ? [] : [wait],
  status: wait === null ? 503 : 200,
  notRetried: wait === null ? 'server_pushback' : null,
});
/** Whole seconds only: between one and two seconds from now on, told as the second one. */
const inTwoSeconds = () => new Date(Date.now() + 2_000).toUTCString();

const rows: readonly Wait[] = [
  {
    id: 'N3',
    title: 'a 502 on every attempt waits 500, 1000, 2000 ms',
    to: 'flaky',
    answers: [502],
    waits: [500, 1000, 2000],
    status: 502,
    notRetried: 'exhausted',
  },
  {
    id: 'N5',
    title: 'a 429 on every attempt waits by its own schedule: 1, 2, 4 s',
    to: 'flaky',
    answers: [429],
    waits: [1000, 2000, 4000],
    status: 429,
    notRetried: 'exhausted',
  },
  {
    id: 'N14',
    title: '503, 429, 503, 200 waits 500, 2000, 2000 ms: the last failure picks the schedule, the exponent is shared',
    to: 'flaky',
    answers: [503, 429, 503, 200],
    waits: [500, 2000, 2000],
    status: 200,
    notRetried: null,
  },
  wish('Retry-After: 2', () => ({ 'retry-after': '2' }), 2000),
  wish('retry-after-ms: 350', () => ({ 'retry-after-ms': '350' }), 350),
  wish('grpc-retry-pushback-ms: 350', () => ({ 'grpc-retry-pushback-ms': '350' }), 350),
  wish('grpc-retry-pushback-ms: -1', () => ({ 'grpc-retry-pushback-ms': '-1' }), null),
  wish('x-should-retry: false', () => ({ 'x-should-retry': 'false' }), null),
  wish('a Retry-After above the cap', () => ({ 'retry-after': '4' }), null),
  wish('an absurd Retry-After', () => ({ 'retry-after': '99999999999999999999' }), 20),
  wish('a Retry-After of a day', () => ({ 'retry-after': '86400' }), null),
];

/** Timers may be a millisecond early against the clock of the upstream's process, and late on a busy machine. */
const EARLY_MS = 2;
const LATE_MS = 900;

const world = useMesh({ policy });
const pathOf = (row: Wait) => `/${row.to}/${row.id.toLowerCase()}-${rows.indexOf(row)}`;
const answers = new Map<Wait, Promise<Answer>>();
const arrivals = (path: string): readonly ReceivedRequest[] =>
  [...world.mesh.upstreams.flaky.requests, ...world.mesh.upstreams.provider.requests].filter(
    (request) => request.path === path,
  );
const gaps = (path: string) => {
  const at = arrivals(path).map((request) => request.atMs);
  return at.slice(1).map((ms, index) => ms - (at[index] ?? 0));
};

function answerTo(request: ReceivedRequest) {
  const row = rows.find((each) => pathOf(each) === request.path);
  const made = arrivals(request.path).length;
  const found = row?.answers[Math.min(made, row.answers.length) - 1] ?? 200;
  const { status, headers } = typeof found === 'number' ? { status: found, headers: {} } : found();
  return respond(status, { headers });
}

describe('the wait before a retry of an answer', () => {
  beforeAll(() => {
    for (const name of ['flaky', 'provider'] as const) world.mesh.upstreams[name].behave(answerTo);
    for (const row of rows) answers.set(row, world.mesh.request(pathOf(row), { method: 'POST', body: '{}' }));
  });

  it.each(rows.map((row) => [row.id, row.title, row] as const))('%s: %s', async (_id, _title, row) => {
    expect((await answers.get(row))?.status).toBe(row.status);
    const measured = gaps(pathOf(row));
    expect(measured).toHaveLength(row.waits.length);
    for (const [index, wait] of row.waits.entries()) {
      expect(measured[index]).toBeGreaterThanOrEqual(wait - EARLY_MS);
      expect(measured[index]).toBeLessThan(wait + LATE_MS);
    }
  });

  it.each(rows.map((row) => [row.id, row.title, row] as const))('%s, its record: %s', async (_id, _title, row) => {
    const record = await recordOf(world.mesh, pathOf(row));
    expect(record.attempts.map((attempt) => attempt.waitMs)).toEqual([0, ...row.waits]);
    expect(record.notRetried).toBe(row.notRetried);
  });

  it('I17: Retry-After as an HTTP date is waited for until that second', async () => {
    let date = '';
    world.mesh.upstreams.provider.behave((_request, index) => {
      if (index > 0) return respond(200);
      date = inTwoSeconds();
      return respond(503, { headers: { 'retry-after': date } });
    });
    const startedAtMs = Date.now();
    expect((await world.mesh.request('/provider/date')).status).toBe(200);
    expect(arrivals('/provider/date')).toHaveLength(2);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(date) - EARLY_MS);
    expect(Date.now() - startedAtMs).toBeLessThan(2_000 + LATE_MS);
  });
});

describe('a hold of 300 ms', () => {
  it('I13: the upstream sees the retry 300 ms later, within 20 ms; attempts = retries + 1', async () => {
    await settled(world.mesh);
    const { provider } = world.mesh.upstreams;
    const measured: number[] = [];
    // The machine may be busy: one has to be as quick as promised, and none may be early.
    while (measured.length < 30 && !measured.some((gap) => gap < 320)) {
      const path = `/provider/hold-${measured.length + 1}`;
      provider.behave((_request, index) =>
        index === 0 ? respond(503, { headers: { 'retry-after-ms': '300' } }) : respond(200),
      );
      expect((await world.mesh.request(path)).status).toBe(200);
      expect(arrivals(path)).toHaveLength(2);
      measured.push(...gaps(path));
    }
    expect(Math.min(...measured)).toBeGreaterThanOrEqual(300 - EARLY_MS);
    expect(Math.min(...measured)).toBeLessThan(320);
  });

  it('I15: a client that goes away during it has no retry sent, and the budget is given back', async () => {
    await settled(world.mesh);
    const { provider } = world.mesh.upstreams;
    provider.behave(respond(503, { headers: { 'retry-after-ms': '3000' } }));
    const budget = async () => {
      const response = await world.mesh.sluice.fetch('/circuits/provider');
      return ((await response.json()) as { budgetRemaining: number }).budgetRemaining;
    };
    const before = await budget();
    const leaving = new AbortController();
    const request = world.mesh.request('/provider/leaves', { signal: leaving.signal });
    const gone = expect(request).rejects.toThrow('abort');
    await eventually(async () => expect(await budget()).toBe(before - 1));
    leaving.abort();
    await gone;
    const record = await recordOf(world.mesh, '/provider/leaves');
    expect(record).toMatchObject({ result: 'cancelled', notRetried: 'cancelled', attempts: [{ status: 503 }] });
    expect(record.attempts).toHaveLength(1);
    expect(arrivals('/provider/leaves')).toHaveLength(1);
    expect(await budget()).toBe(before);
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});
