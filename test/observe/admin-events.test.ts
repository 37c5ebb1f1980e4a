// GET /events over a real connection.

import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { watch } from './sse.js';
import { aCircuit, aFailure, anAttempt, aRecord, type Bench, scrape, seriesOf, startAdmin } from './support.js';

const FAST = { feed: { everyMs: 5 } };

async function watchers({ metrics }: Bench): Promise<number | undefined> {
  return seriesOf(await scrape(metrics), 'sluice_watchers');
}

/** A request that was retried, told to the records as the core does. */
function retried({ records }: Bench, changes: Parameters<typeof aRecord>[0] = {}) {
  const record = aRecord({ attempts: [aFailure(), anAttempt({ attempt: 2 })], result: 'success', ...changes });
  records.decided(record);
  return record;
}

describe('/events', () => {
  it('begins with all there is to see', async () => {
    const bench = await startAdmin({ token: 'secret' }, FAST);
    bench.circuits.add(aCircuit({ state: 'open', openedAtMs: 1000, retryAtMs: 6000, reason: 'failure_ratio' }));
    const record = retried(bench);
    bench.records.decided(aRecord({ path: '/healthy' }));
    const { message, nth } = await watch(`${bench.url}/events`);
    expect(message.statusCode).toBe(200);
    expect(message.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const { data } = await nth('snapshot', 0);
    expect(data).toEqual({
      now: '2026-01-02T03:04:05.000Z',
      version: '1.2.3',
      writable: true,
      more: 0,
      circuits: [
        {
          ...((await (await bench.get('/circuits')).json()) as { circuits: object[] }).circuits[0],
          consecutiveFailures: 3,
          slowRatio: 0.1,
          budgetRemaining: 7,
          recent: 'xxxxx',
        },
      ],
      requests: [await (await bench.get(`/requests/${record.id}`)).json()],
    });
  });

  it('goes on with what changes, and only with that', async () => {
    const bench = await startAdmin({}, FAST);
    bench.circuits.add(aCircuit());
    bench.circuits.add(aCircuit({ cluster: 'secondary', target: 'a' }));
    const stream = await watch(`${bench.url}/events`);
    expect((await stream.nth('snapshot', 0)).data).toMatchObject({ writable: false, requests: [] });
    bench.circuits.add(aCircuit({ cluster: 'secondary', target: 'a', state: 'half_open' }));
    expect((await stream.nth('delta', 0)).data).toMatchObject({
      circuits: [{ cluster: 'secondary', target: 'a', state: 'half_open' }],
      gone: [],
      requests: [],
    });
    const record = retried(bench, { result: 'pending' });
    expect((await stream.nth('delta', 1)).data).toMatchObject({ circuits: [], requests: [{ id: record.id }] });
    record.result = 'success';
    bench.records.finished(record);
    expect((await stream.nth('delta', 2)).data).toMatchObject({ requests: [{ id: record.id, result: 'success' }] });
    bench.circuits.circuits.delete('secondary', 'a');
    expect((await stream.nth('delta', 3)).data).toMatchObject({ circuits: [], gone: [['secondary', 'a']] });
    expect(stream.events()).toHaveLength(5);
  });

  it('takes the filters of /requests, and lets go of what does not fit any more', async () => {
    const bench = await startAdmin({}, FAST);
    const stream = await watch(`${bench.url}/events?cluster=primary&result=pending`);
    await stream.nth('snapshot', 0);
    retried(bench, { cluster: 'other', attempts: [aFailure({ cluster: 'other' })], result: 'pending' });
    const record = retried(bench, { result: 'pending' });
    expect((await stream.nth('delta', 0)).data).toMatchObject({ requests: [{ id: record.id }] });
    record.result = 'failure';
    bench.records.finished(record);
    expect((await stream.nth('delta', 1)).data).toMatchObject({ requests: [], left: [record.id] });
  });

  it.each(['/events?result=nonsense', '/events?page=2', '/events?cluster='])(
    '%s is refused with what is allowed',
    async (path) => {
      const response = await (await startAdmin()).get(path);
      expect([response.status, await response.json()]).toEqual([
        400,
        { error: expect.stringContaining('Allowed: limit') },
      ]);
    },
  );

  it('has room for so many, counts who finds none, and takes another one when one has left', async () => {
    const bench = await startAdmin({}, { feed: { everyMs: 5, maxClients: 2 } });
    const first = await watch(`${bench.url}/events`);
    await watch(`${bench.url}/events`);
    await eventually(async () => expect(await watchers(bench)).toBe(2));
    const refused = await bench.get('/events');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await refused.json()).toEqual({ error: expect.stringContaining('as many as may be') });
    const labels = { reason: 'full' };
    expect(seriesOf(await scrape(bench.metrics), 'sluice_watchers_dropped_total', labels)).toBe(1);
    first.close();
    await eventually(async () => expect(await watchers(bench)).toBe(1));
    await (await watch(`${bench.url}/events`)).nth('snapshot', 0);
  });

  it('is no place for HEAD, which would never end', async () => {
    const { get } = await startAdmin();
    expect((await get('/events', { method: 'HEAD' })).status).toBe(404);
  });

  it('ends when the server does, which does not wait for its readers', async () => {
    const bench = await startAdmin({}, { ...FAST, closeGraceMs: 60_000 });
    const stream = await watch(`${bench.url}/events`);
    await stream.nth('snapshot', 0);
    await bench.close();
    await eventually(() => expect(stream.closed()).toBe(true));
    expect(await watchers(bench)).toBe(0);
  });
});

describe('a reader that does not read', () => {
  it('is dropped and counted, and keeps nothing from the others', async () => {
    const bench = await startAdmin({}, { feed: { everyMs: 5, restPerWork: 0 } });
    const slow = await watch(`${bench.url}/events`);
    const good = await watch(`${bench.url}/events`);
    await Promise.all([slow.nth('snapshot', 0), good.nth('snapshot', 0)]);
    slow.message.pause();
    slow.message.socket.pause();
    const message = 'm'.repeat(200);
    const dropped = () =>
      scrape(bench.metrics).then((all) => seriesOf(all, 'sluice_watchers_dropped_total', { reason: 'slow' }));
    await eventually(async () => {
      for (let count = 0; count < 100; count++) {
        retried(bench, {
          startedAtMs: count,
          path: `/${message}`,
          attempts: Array.from({ length: 20 }, () => aFailure({ message })),
        });
      }
      expect(await dropped()).toBe(1);
    }, 20_000);
    expect(await watchers(bench)).toBe(1);
    const before = good.events().length;
    retried(bench, { path: '/after' });
    await eventually(() => expect(good.events().length).toBeGreaterThan(before));
    expect(good.closed()).toBe(false);
  }, 30_000);
});
