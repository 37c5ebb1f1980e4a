import { describe, expect, it } from 'vitest';
import type { LiveCircuit, LiveDelta, LiveSnapshot } from '../../../src/observe/live/messages.js';
import { requestJson } from '../../../src/observe/records/json.js';
import { LIVE_REQUESTS, LiveModel } from '../../../src/observe/view/model.js';
import { aRecord, toIso } from '../support.js';

function circuit(cluster: string, changes: Partial<LiveCircuit> = {}): LiveCircuit {
  return {
    cluster,
    target: null,
    state: 'closed',
    mode: 'enforce',
    requests: 0,
    failures: 0,
    failureRatio: 0,
    openedAt: null,
    retryAt: null,
    reason: null,
    consecutiveFailures: 0,
    slowRatio: 0,
    budgetRemaining: null,
    recent: '',
    ...changes,
  };
}

function request(id: string, startedAtMs: number, changes: Parameters<typeof aRecord>[0] = {}) {
  return requestJson(aRecord({ id, startedAtMs, ...changes }), toIso);
}

const SNAPSHOT: LiveSnapshot = { now: toIso(0), version: '1', writable: true, more: 0, circuits: [], requests: [] };
const DELTA: LiveDelta = { now: toIso(0), circuits: [], gone: [], more: 0, requests: [], left: [] };

function modelOf(changes: Partial<LiveSnapshot>): LiveModel {
  const model = new LiveModel();
  model.snapshot({ ...SNAPSHOT, ...changes });
  return model;
}

const names = (model: LiveModel) =>
  model.circuits.map(({ cluster, target }) => (target === null ? cluster : `${cluster}/${target}`));
const ids = (model: LiveModel) => model.requests.map(({ id }) => id);

describe('circuits', () => {
  it('are in the order of their trouble, then of their names', () => {
    const model = modelOf({
      circuits: [
        circuit('b'),
        circuit('a', { target: 'y' }),
        circuit('a'),
        circuit('z', { state: 'open' }),
        circuit('y', { state: 'half_open' }),
        circuit('c', { state: 'disabled' }),
        circuit('x', { state: 'forced_open' }),
        circuit('w', { state: 'recovering' }),
      ],
    });
    expect(names(model)).toEqual(['x', 'z', 'w', 'y', 'a', 'a/y', 'b', 'c']);
  });

  it('are changed, added and taken away by deltas', () => {
    const model = modelOf({ circuits: [circuit('a'), circuit('a', { target: 't' }), circuit('b')] });
    model.delta({ ...DELTA, circuits: [circuit('c'), circuit('b', { requests: 5 })], gone: [['a', 't']], more: 7 });
    expect(names(model)).toEqual(['a', 'b', 'c']);
    expect([model.circuits[1]?.requests, model.more]).toEqual([5, 7]);
  });

  it('that change their state are told, and no others', () => {
    const model = modelOf({ circuits: [circuit('a'), circuit('b')] });
    const changed = model.delta({
      ...DELTA,
      circuits: [circuit('a', { state: 'open' }), circuit('b', { requests: 1 }), circuit('new', { state: 'open' })],
    });
    expect(changed.map(({ cluster }) => cluster)).toEqual(['a']);
  });

  it('are those of the new snapshot alone when one comes', () => {
    const model = modelOf({ circuits: [circuit('a')] });
    model.snapshot({ ...SNAPSHOT, circuits: [circuit('b')] });
    expect(names(model)).toEqual(['b']);
  });
});

describe('requests', () => {
  it('stay newest first, changed in their place', () => {
    const model = modelOf({ requests: [request('two', 2), request('one', 1)] });
    model.delta({ ...DELTA, requests: [request('three', 3), request('one', 1, { result: 'failure' })] });
    expect(ids(model)).toEqual(['three', 'two', 'one']);
    expect(model.requests[2]?.result).toBe('failure');
  });

  it('go when they do not fit the filter any more', () => {
    const model = modelOf({ requests: [request('two', 2), request('one', 1)] });
    model.delta({ ...DELTA, left: ['two', 'never seen'] });
    expect(ids(model)).toEqual(['one']);
  });

  it('are bounded: the oldest fall out', () => {
    const model = modelOf({ requests: [request('old', 0)] });
    for (let count = 1; count <= LIVE_REQUESTS; count++) {
      model.delta({ ...DELTA, requests: [request(`r${count}`, count)] });
    }
    expect(model.requests).toHaveLength(LIVE_REQUESTS);
    expect(ids(model)).not.toContain('old');
  });

  it('are the same list while nothing changes, so that nothing is drawn for it', () => {
    const model = modelOf({ requests: [request('one', 1)] });
    const before = model.requests;
    model.delta({ ...DELTA, circuits: [circuit('a')] });
    expect(model.requests).toBe(before);
  });
});

describe('time', () => {
  it('is that of the server', () => {
    const model = new LiveModel();
    model.heard('2026-01-01T00:00:10.000Z', 1000);
    expect(model.serverNow(1500)).toBe(Date.parse('2026-01-01T00:00:10.500Z'));
  });
});
