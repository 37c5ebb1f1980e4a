// The feed by itself: sinks that keep what they are told, and time by hand.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Feed, type FeedOptions } from '../../../src/observe/live/feed.js';
import { Records } from '../../../src/observe/records.js';
import { parseEvents } from '../sse.js';
import { aCircuit, aFailure, anAttempt, aRecord, Clock, FakeCircuits, toIso } from '../support.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

class FakeSink {
  text = '';
  writableLength = 0;
  ended = false;
  destroyed = false;

  write(text: string): void {
    this.text += text;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  get events(): string[] {
    return parseEvents(this.text).map(({ event }) => event);
  }

  get last(): Readonly<Record<string, unknown>> {
    return parseEvents(this.text).at(-1)?.data ?? {};
  }
}

class World {
  readonly clock = new Clock();
  readonly circuits = new FakeCircuits();
  readonly records = new Records();
  readonly dropped: string[] = [];
  readonly faults: unknown[] = [];
  watching = 0;
  readonly feed: Feed;

  constructor(options: FeedOptions = {}) {
    this.feed = new Feed(
      {
        circuits: () => this.circuits.each(),
        budgetRemaining: () => null,
        records: this.records,
        now: this.clock.now,
        toIso,
        version: '1',
        writable: false,
        metrics: {
          watchers: (count) => {
            this.watching = count;
          },
          watcherDropped: (reason) => this.dropped.push(reason),
        },
        fault: (error) => this.faults.push(error),
      },
      { restPerWork: 0, ...options },
    );
  }

  connect(query = {}): { sink: FakeSink; leave: () => void } {
    const sink = new FakeSink();
    return { sink, leave: this.feed.connect(sink, query) };
  }

  async pass(ms: number): Promise<void> {
    // Both clocks in step, as the process has them.
    for (let left = ms; left > 0; left -= 100) {
      this.clock.ms += Math.min(100, left);
      await vi.advanceTimersByTimeAsync(Math.min(100, left));
    }
  }
}

function retried(changes: Parameters<typeof aRecord>[0] = {}) {
  return aRecord({ attempts: [aFailure(), anAttempt({ attempt: 2 })], ...changes });
}

describe('while nobody watches', () => {
  it('there is no timer, and the records tell nobody', async () => {
    const world = new World();
    const watch = vi.spyOn(world.records, 'watch');
    const looks = vi.spyOn(world.circuits, 'each');
    expect(vi.getTimerCount()).toBe(0);
    const { leave } = world.connect();
    await world.pass(2000);
    expect(looks.mock.calls.length).toBeGreaterThan(1);
    leave();
    leave();
    looks.mockClear();
    await world.pass(10_000);
    expect([vi.getTimerCount(), looks.mock.calls.length, world.watching]).toEqual([0, 0, 0]);
    expect(watch.mock.calls.map(([watcher]) => watcher === null)).toEqual([false, true]);
  });
});

describe('a reader', () => {
  it('gets at most two events a second, whatever happens', async () => {
    const world = new World();
    const { sink } = world.connect();
    for (let step = 0; step < 100; step++) {
      world.circuits.add(aCircuit({ requests: step }));
      world.records.decided(retried());
      await world.pass(100);
    }
    expect(sink.events.length).toBeGreaterThan(15);
    expect(sink.events.length).toBeLessThanOrEqual(21);
  });

  it('gets a heartbeat where nothing happens, and nothing else', async () => {
    const world = new World();
    const { sink } = world.connect();
    await world.pass(46_000);
    expect(sink.events).toEqual(['snapshot', 'beat', 'beat', 'beat']);
    expect(sink.last).toEqual({ now: expect.stringMatching(/^2026-.*Z$/) });
  });

  it('is told how long to wait before it comes back, once', async () => {
    const world = new World();
    const { sink } = world.connect();
    await world.pass(40_000);
    expect(sink.text.match(/retry: /g)).toHaveLength(1);
    expect(sink.text).toMatch(/^retry: 2000\n/);
  });

  it('that comes later starts with all there is, and disturbs nobody', async () => {
    const world = new World();
    const first = world.connect().sink;
    await world.pass(500);
    world.records.decided(retried({ id: 'one' }));
    await world.pass(500);
    const second = world.connect().sink;
    await world.pass(10);
    expect(second.events).toEqual(['snapshot']);
    expect(second.last).toMatchObject({ requests: [{ id: 'one' }] });
    expect(first.events).toEqual(['snapshot', 'delta']);
  });

  it('gets the newest hundred of a flood, and all anew where it was more than can be told', async () => {
    const world = new World();
    const { sink } = world.connect();
    await world.pass(500);
    for (let count = 0; count < 300; count++) world.records.decided(retried({ startedAtMs: count }));
    await world.pass(500);
    expect(sink.events).toEqual(['snapshot', 'delta']);
    const requests = sink.last.requests as { startedAt: string }[];
    expect([requests.length, requests[0]?.startedAt, requests.at(-1)?.startedAt]).toEqual([
      100,
      toIso(299),
      toIso(200),
    ]);
    for (let count = 0; count < 1001; count++) world.records.decided(retried({ startedAtMs: 1000 + count }));
    await world.pass(500);
    expect(sink.events).toEqual(['snapshot', 'delta', 'snapshot']);
    expect(sink.last).toMatchObject({ requests: { length: 100, 0: { startedAt: toIso(2000) } } });
  });

  it('hears of a healthy request only when something happens to it', async () => {
    const world = new World();
    const { sink } = world.connect();
    const record = aRecord({ attempts: [anAttempt()] });
    world.records.decided(record);
    world.records.attemptSettled(record, anAttempt());
    await world.pass(1000);
    expect(sink.events).toEqual(['snapshot']);
    record.attempts.push(anAttempt({ attempt: 2 }));
    world.records.attemptSettled(record, anAttempt({ attempt: 2 }));
    await world.pass(1000);
    expect(sink.last).toMatchObject({ requests: [{ id: record.id }] });
  });
});

describe('a slow reader', () => {
  it('is dropped where too much waits for it', async () => {
    const world = new World();
    const { sink } = world.connect();
    await world.pass(500);
    sink.writableLength = 2 * 1024 * 1024;
    await world.pass(500);
    expect(sink.destroyed).toBe(false);
    sink.writableLength += 1;
    await world.pass(500);
    expect([sink.destroyed, world.dropped, world.watching]).toEqual([true, ['slow'], 0]);
  });

  it('is dropped where a little waits for too long, and not where it moves', async () => {
    const world = new World();
    const stuck = world.connect().sink;
    const moving = world.connect().sink;
    await world.pass(500);
    stuck.writableLength = 1;
    for (let step = 0; step < 41; step++) {
      moving.writableLength = step % 2;
      expect(stuck.destroyed).toBe(false);
      await world.pass(500);
    }
    expect([stuck.destroyed, moving.destroyed, world.dropped]).toEqual([true, false, ['slow']]);
  });
});

describe('the feed', () => {
  it('has room for so many and says so', () => {
    const world = new World({ maxClients: 1 });
    expect(world.feed.admits()).toBe(true);
    world.connect();
    expect(world.feed.admits()).toBe(false);
    expect(world.dropped).toEqual(['full']);
  });

  it('rests longer where an event took long to make', async () => {
    const world = new World({ restPerWork: 1e9 });
    const { sink } = world.connect();
    await world.pass(10);
    world.circuits.add(aCircuit());
    await world.pass(5000);
    expect(sink.events).toEqual(['snapshot']);
  });

  it('goes on after a fault, and tells of it', async () => {
    const world = new World();
    const { sink } = world.connect();
    await world.pass(500);
    const broken = vi.spyOn(world.circuits, 'each').mockImplementation(() => {
      throw new Error('broken');
    });
    await world.pass(500);
    broken.mockRestore();
    world.circuits.add(aCircuit());
    await world.pass(500);
    expect(world.faults).toEqual([new Error('broken')]);
    expect(sink.events).toEqual(['snapshot', 'delta']);
  });

  it('ends every stream when it is closed', async () => {
    const world = new World();
    const sinks = [world.connect().sink, world.connect().sink];
    await world.pass(500);
    world.feed.close();
    expect([sinks.map(({ ended }) => ended), world.watching, vi.getTimerCount()]).toEqual([[true, true], 0, 0]);
  });
});
