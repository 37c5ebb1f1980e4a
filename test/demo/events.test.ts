import { describe, expect, it } from 'vitest';
import { Calm } from './calm.js';
import { type DemoEvent, demoEvent, EventFeed } from './events.js';
import { attempt, circuit, iso, REFUSED, ROUND_TRIP, request, START, transition } from './fixture.js';
import { plainLine } from './plain.js';

function textsOf(snapshot: Parameters<EventFeed['take']>[0]): string[] {
  return new EventFeed().take(snapshot).map(({ text }) => text);
}

function ofRequest(...args: Parameters<typeof request>): string[] {
  return textsOf({ circuits: [], requests: [request(...args)] });
}

describe('an event is made of', () => {
  it('a retry that saved a request', () => {
    const attempts = [attempt(1, REFUSED), attempt(2)];
    expect(ofRequest('pool', 1, { attempts })).toEqual(['retry saved it: connection_refused, then 200 (GET /pool/1)']);
  });

  it('a retry that saved it elsewhere', () => {
    const attempts = [attempt(1, { ...REFUSED, cluster: 'primary' }), attempt(2, { cluster: 'secondary' })];
    expect(ofRequest('primary', 1, { attempts })).toEqual([
      'retry saved it: connection_refused, then 200 on secondary (GET /primary/1)',
    ]);
  });

  it('a retry that was refused, with its reason', () => {
    const failed = { stage: 'request_sent', outcome: 'failure', status: null, error: 'reset' } as const;
    const fields = { method: 'POST', attempts: [attempt(1, failed)], notRetried: 'written', result: 'failure' };
    expect(ofRequest('flaky', 6, fields)).toEqual(['reset at request_sent, not retried: written (POST /flaky/6)']);
  });

  it('a request that went to the fallback', () => {
    const attempts = [attempt(1, { cluster: 'secondary' })];
    expect(ofRequest('primary', 1, { decision: 'reroute', attempts })).toEqual([
      'rerouted to secondary: 200 (GET /primary/1)',
    ]);
  });

  it('an answer by Sluice', () => {
    const fields = { decision: 'short_circuit', reason: 'circuit_open', attempts: [], result: 'short_circuited' };
    expect(ofRequest('refusing', 1, fields)).toEqual(['503 by Sluice: circuit_open (GET /refusing/1)']);
  });

  it('a circuit that opens, with figures and the time of the next probe', () => {
    const circuits = [circuit('primary', { transitions: ROUND_TRIP.slice(0, 3) })];
    expect(textsOf({ circuits, requests: [] })).toEqual([
      'circuit closed -> open: failure_ratio 50 % (6 of 12), probe in 2.0 s',
      'circuit open -> half_open: open_time_over',
      'circuit half_open -> open: probe_failed, probe in 4.0 s',
    ]);
  });

  it('a circuit that opens for slowness, with the share of slow answers', () => {
    const circuits = [circuit('slow', { transitions: [transition(1, 'closed', 'open', 'slow_ratio', 2000)] })];
    expect(textsOf({ circuits, requests: [] })).toEqual([
      'circuit closed -> open: slow_ratio 100 % of 12, probe in 2.0 s',
    ]);
  });

  it('nothing where a request simply went well, or is not over', () => {
    expect(ofRequest('secondary', 1)).toEqual([]);
    const attempts = [attempt(1, REFUSED), attempt(2)];
    expect(ofRequest('pool', 1, { attempts, durationMs: null })).toEqual([]);
    expect(ofRequest('pool', 1, { attempts, result: 'pending' })).toEqual([]);
  });
});

describe('the feed', () => {
  const saved = request('pool', 1, { attempts: [attempt(1, REFUSED), attempt(2)] });
  const opened = circuit('primary', { transitions: ROUND_TRIP.slice(0, 1) });

  it('tells each thing once, however often it is shown', () => {
    const feed = new EventFeed();
    const snapshot = { circuits: [opened], requests: [saved] };
    expect(feed.take(snapshot)).toHaveLength(2);
    expect(feed.take(snapshot)).toEqual([]);
    expect(feed.take({ ...snapshot, circuits: [circuit('primary', { transitions: ROUND_TRIP })] })).toHaveLength(4);
  });

  it('tells of a request when it is over, though it was seen before', () => {
    const feed = new EventFeed();
    feed.take({ circuits: [], requests: [{ ...saved, durationMs: null }] });
    expect(feed.take({ circuits: [], requests: [saved] })).toHaveLength(1);
  });

  it('puts what it tells in order of time', () => {
    const late = request('pool', 9, { attempts: [attempt(1, REFUSED), attempt(2)], startedAt: iso(9000) });
    const events = new EventFeed().take({ circuits: [opened], requests: [late, saved] });
    expect(events.map(({ atMs }) => atMs - START)).toEqual([1005, 2000, 9005]);
  });
});

describe('calm', () => {
  const at = (atMs: number, group: string | null): DemoEvent => ({ atMs, group, who: 'a', tone: 'good', text: 'x' });
  const texts = (events: readonly DemoEvent[]) => events.map(({ text }) => text);

  it('tells the first of a group, and later how many were left out', () => {
    const calm = new Calm(1000);
    expect(texts(calm.filter([at(0, 'g'), at(100, 'g'), at(999, 'g')]))).toEqual(['x']);
    expect(texts(calm.filter([at(1000, 'g'), at(1001, 'g')]))).toEqual(['x +2 more']);
    expect(texts(calm.filter([at(3000, 'g')]))).toEqual(['x +1 more']);
  });

  it('keeps groups apart, and leaves out nothing that has none', () => {
    const calm = new Calm(1000);
    expect(calm.filter([at(0, 'g'), at(0, 'h'), at(0, null), at(0, null)])).toHaveLength(4);
  });
});

describe('a plain line', () => {
  it('begins with the seconds since the start', () => {
    expect(plainLine(demoEvent(START + 12_340, 'primary died'), START)).toBe('  12.3s  demo       primary died');
  });
});
