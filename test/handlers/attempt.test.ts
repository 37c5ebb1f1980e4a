// Gate and judge, as one stream per attempt: finding the request, refusing a retry, asking for one, holding it.

import { describe, expect, it } from 'vitest';
import { CoreWorld } from '../support/core-world.js';
import { answers, arrives, attempts, continued, idOf, removedBy, retrying, says, setBy, takeOut } from './support.js';

/** A judged cluster that waits 200 ms, then 400 ms. */
const judged = retrying({
  maxRetries: 2,
  judge: true,
  statuses: [503],
  backoff: { base: '200ms', max: '5s', jitter: 'none' },
});

function underWay(policy: object = judged) {
  const world = new CoreWorld(policy);
  const admission = arrives(world);
  return { world, admission, judge: attempts(world, idOf(admission), 1) };
}

const UNCHANGED = { headers: { set: [], remove: [] }, order: null };

describe('an attempt at its request headers', () => {
  it('goes on as it is', () => {
    expect(underWay().judge.sent).toEqual([{ kind: 'continue_request', ...UNCHANGED }]);
  });

  it.each(['', 'unheard-of', '__proto__', 'x'.repeat(100_000)])('goes on where its id "%.20s" is not known', (id) => {
    const world = new CoreWorld(judged);
    const stream = attempts(world, id, 2);
    expect(stream.sent).toEqual([{ kind: 'continue_request', ...UNCHANGED }]);
    answers(stream, { ':status': '503' });
    expect(continued(stream)).toEqual({ kind: 'continue_response', ...UNCHANGED });
    stream.handler.closed();
    expect(world.engine.openSessions).toBe(0);
  });

  it.each(['', '0', '-1', 'two', '1e9', '999999999', '101', '2.5'])('goes on where its number is "%s"', (attempt) => {
    const { world, admission } = underWay();
    const stream = attempts(world, idOf(admission), 1, { 'x-envoy-attempt-count': attempt });
    expect(stream.last.kind).toBe('continue_request');
    expect(world.engine.session(idOf(admission))?.attempts.length).toBeLessThanOrEqual(1);
  });

  it('is refused as a retry while the circuit is open, with a reason and a time', () => {
    const { world, admission, judge } = underWay();
    judge.handler.closed();
    takeOut(world, 'a');
    const { last } = attempts(world, idOf(admission), 2);
    if (last.kind !== 'respond') throw new Error(last.kind);
    expect(last.answer).toMatchObject({ status: 503, details: 'sluice_forced_open', grpcStatus: null });
    expect(Object.fromEntries(last.answer.headers)).toMatchObject({
      'x-sluice-reason': 'forced_open',
      'retry-after': '5',
    });
  });

  it('is refused as a retry when no time is left', () => {
    const { world, admission, judge } = underWay();
    judge.handler.closed();
    const gate = attempts(world, idOf(admission), 2, { 'x-envoy-expected-rq-timeout-ms': '0' });
    expect(gate.last).toMatchObject({ kind: 'respond', answer: { details: 'sluice_deadline' } });
  });

  it.each(['', 'abc', '-5', '1e3', '99999999999'])('is let go where the time left is "%s": that is no time', (left) => {
    const { world, admission, judge } = underWay();
    judge.handler.closed();
    const gate = attempts(world, idOf(admission), 2, { 'x-envoy-expected-rq-timeout-ms': left });
    expect(gate.last.kind).toBe('continue_request');
  });
});

describe('an attempt at its response headers', () => {
  it('passes untouched where nothing is to be retried', () => {
    const { judge } = underWay();
    answers(judge, { ':status': '200', server: 'x' });
    expect(continued(judge)).toEqual({ kind: 'continue_response', ...UNCHANGED });
  });

  it('loses what an upstream says in our name, and is not retried for it', () => {
    const { judge } = underWay();
    answers(judge, { ':status': '200', 'x-sluice-retry': '1', 'x-sluice-reason': 'x' });
    expect(setBy(judge)).toEqual({});
    expect(removedBy(judge)).toEqual(['x-sluice-retry', 'x-sluice-reason']);
  });

  it('loses it on a stream of which only the answer is seen, too', () => {
    const stream = new CoreWorld(judged).attempt();
    answers(stream, { ':status': '503', 'x-sluice-retry': '1' });
    expect(setBy(stream)).toEqual({});
    expect(removedBy(stream)).toEqual(['x-sluice-retry']);
  });

  it('is held for its wait, and then marked for a retry', () => {
    const { world, judge } = underWay();
    answers(judge, { ':status': '503' });
    expect(judge.last).toEqual({ kind: 'extend_timeout', ms: 450 });
    world.advance(199);
    expect(judge.last.kind).toBe('extend_timeout');
    world.advance(1);
    expect(setBy(judge)).toEqual({ 'x-sluice-retry': '1' });
    expect(judge.sent).toHaveLength(3);
  });

  it('sets the mark and does not remove it in the same breath where the upstream sent one', () => {
    const { world, judge } = underWay();
    answers(judge, { ':status': '503', 'x-sluice-retry': 'no', 'x-sluice-id': 'x' });
    world.advance(200);
    expect(setBy(judge)).toEqual({ 'x-sluice-retry': '1' });
    expect(removedBy(judge)).toEqual(['x-sluice-id']);
  });

  it('is marked at once, with the order of clusters, where another cluster is next', () => {
    const world = new CoreWorld({ ...judged, clusters: { a: { fallback: ['b', 'c'] } } });
    const judge = attempts(world, idOf(arrives(world)), 1);
    takeOut(world, 'b');
    answers(judge, { ':status': '503' });
    expect(judge.sent.map(({ kind }) => kind)).toEqual(['continue_request', 'continue_response']);
    expect(setBy(judge)).toEqual({ 'x-sluice-retry': '1' });
    expect(continued(judge).order).toEqual(['a', 'c']);
  });

  it('counts the time that went by against the time that was left', () => {
    const { world, admission } = underWay();
    const slow = attempts(world, idOf(admission), 1, { 'x-envoy-expected-rq-timeout-ms': '1000' });
    world.advance(801);
    answers(slow, { ':status': '503' });
    expect(setBy(slow)).toEqual({});
  });

  it('has just enough time left', () => {
    const { world, admission } = underWay();
    const slow = attempts(world, idOf(admission), 1, { 'x-envoy-expected-rq-timeout-ms': '1000' });
    world.advance(799);
    answers(slow, { ':status': '503' });
    expect(slow.last.kind).toBe('extend_timeout');
  });

  it.each(['999999999999999999', '-1', 'soon', '1e2', '', 'Thu, 99 Foo 2026 00:00:00 GMT', '0x10'])(
    'is not impressed by a Retry-After of "%s"',
    (after) => {
      const { world, judge } = underWay();
      answers(judge, { ':status': '503', 'retry-after': after });
      expect(judge.last).toEqual({ kind: 'extend_timeout', ms: 450 });
      world.advance(200);
      expect(setBy(judge)).toEqual({ 'x-sluice-retry': '1' });
    },
  );

  it('takes no status for a number that only looks like one', () => {
    const { judge } = underWay();
    answers(judge, { ':status': '5.03e2' });
    expect(setBy(judge)).toEqual({});
  });
});

describe('a hold', () => {
  const held = () => {
    const all = underWay();
    answers(all.judge, { ':status': '503' });
    expect(all.world.waiting).toBe(1);
    return all;
  };

  it('ends at once when the client goes, sends nothing more and gives back its charge', () => {
    const { world, judge } = held();
    const before = world.engine.budgetRemaining('a', world.now) ?? 0;
    judge.handler.closed();
    expect(world.waiting).toBe(0);
    expect(world.engine.budgetRemaining('a', world.now)).toBe(before + 1);
    world.advance(10_000);
    expect(judge.sent).toHaveLength(2);
  });

  it('is given up once, however often the stream is closed', () => {
    const { world, judge } = held();
    judge.handler.closed();
    const after = world.engine.budgetRemaining('a', world.now);
    judge.handler.closed();
    expect(world.engine.budgetRemaining('a', world.now)).toBe(after);
  });

  it('that is over gives nothing back when the stream closes: the retry is on its way', () => {
    const { world, judge } = held();
    const charged = world.engine.budgetRemaining('a', world.now);
    world.advance(200);
    judge.handler.closed();
    expect(world.engine.budgetRemaining('a', world.now)).toBe(charged);
  });

  it('of one request does not hold another', () => {
    const { world, judge } = held();
    const other = attempts(world, idOf(arrives(world)), 1);
    answers(other, { ':status': '200' });
    expect(continued(other).kind).toBe('continue_response');
    expect(judge.last.kind).toBe('extend_timeout');
  });
});

describe('a stream of an attempt', () => {
  it('answers phases that nobody asked for', () => {
    const { judge } = underWay();
    says(judge, 'response_body');
    expect(judge.last).toEqual({ kind: 'continue_other', phase: 'response_body' });
  });

  it('that closes without an answer leaves the attempt to the log', () => {
    const { world, judge } = underWay();
    judge.handler.closed();
    expect(world.settled).toEqual([]);
    expect(world.engine.openSessions).toBe(1);
  });

  it('that closes before it said anything is harmless', () => {
    const world = new CoreWorld(judged);
    world.attempt().handler.closed();
    expect(world.engine.openSessions).toBe(0);
  });
});
