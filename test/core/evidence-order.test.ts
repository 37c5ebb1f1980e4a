// Evidence about one request comes on up to four streams, in any order, twice or never. Whatever happens to it, every
// attempt is settled once, the circuit hears the same, and nothing is left behind.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerSeen } from '../../src/core/engine.js';
import { type Evidence, FLAGS, type TraceEntry } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';
import { FACTS } from './support.js';

const POLICY = {
  defaults: { circuit: { minimumRequests: 100 }, retry: { maxRetries: 3 } },
  ceilings: { maxRetries: 3 },
};

function refused(source: Evidence['source']): Evidence {
  const transportFailure = 'delayed connect error: Connection refused';
  const flags = FLAGS.upstreamConnectionFailure;
  return {
    source,
    flags,
    status: null,
    grpcStatus: null,
    written: source === 'trace' ? false : null,
    transportFailure,
    details: '',
    host: 'h',
    durationMs: 1,
  };
}

function answered(source: Evidence['source'], status: number): Evidence {
  return {
    source,
    flags: 0,
    status,
    grpcStatus: null,
    written: true,
    transportFailure: '',
    details: 'via_upstream',
    host: 'h',
    durationMs: 1,
  };
}

function seen(attempt: number, evidence: Evidence): AnswerSeen {
  const wish = { waitMs: 0, retry: null };
  return { attempt, cluster: 'a', evidence, wish, remainingMs: null, clientStatus: evidence.status };
}

function admitted(world: CoreWorld) {
  const decision = world.engine.admit(FACTS, world.now);
  if (decision.kind !== 'proceed') throw new Error('not admitted');
  return decision.session;
}

/** Every piece of evidence of a request whose first `failures` attempts were refused and whose last was a 200. */
function pieces(world: CoreWorld, failures: number): (() => void)[] {
  const session = admitted(world);
  const { id } = session.record;
  const trace = (entry: TraceEntry) => () => world.engine.traced(entry, world.now);
  const all = Array.from({ length: failures }, (_, i) =>
    trace({ kind: 'attempt', id, attempt: i + 1, cluster: 'a', evidence: refused('trace') }),
  );
  const last = failures + 1;
  const good = answered('trace', 200);
  return [
    ...all,
    trace({ kind: 'attempt', id, attempt: last, cluster: 'a', evidence: good }),
    trace({ kind: 'request', id, cluster: 'a', evidence: good, clientStatus: 200, attempts: last }),
    () => world.engine.requestAnswered(session, seen(last, answered('admission', 200)), world.now),
    () => world.engine.requestClosed(session, world.now),
  ];
}

describe('evidence in any order, doubled or lost', () => {
  const order = fc.array(fc.nat(1000), { minLength: 0, maxLength: 24 });

  it('settles each attempt once and tells the circuit once of each outcome', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), order, (failures, picks) => {
        const world = new CoreWorld(POLICY);
        const evidence = pieces(world, failures);
        for (const pick of picks) evidence[pick % evidence.length]?.();
        world.advance(3_600_000);
        world.engine.sweep(world.now);

        expect(world.engine.openSessions).toBe(0);
        expect(world.finished).toHaveLength(1);
        const numbers = world.settled.map(({ attempt }) => attempt.attempt);
        expect(new Set(numbers).size).toBe(numbers.length);
        const [record] = world.finished;
        expect(record?.attempts.length).toBe(numbers.length);
        expect(numbers.length).toBeLessThanOrEqual(failures + 1);
      }),
      { numRuns: 500 },
    );
  });

  it('comes to the same result and the same window when all of it arrives', () => {
    const shuffled = fc
      .integer({ min: 0, max: 3 })
      .chain((failures) =>
        fc.tuple(
          fc.constant(failures),
          fc.shuffledSubarray([...Array(failures + 4).keys()], { minLength: failures + 4 }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([failures, sequence]) => {
        const world = new CoreWorld(POLICY);
        const evidence = pieces(world, failures);
        for (const index of sequence) evidence[index]?.();
        world.advance(3_600_000);
        world.engine.sweep(world.now);
        expect(world.finished[0]).toMatchObject({ result: 'success', status: 200, notRetried: null });
        expect(world.finished[0]?.attempts).toHaveLength(failures + 1);
        expect(world.counted('attempt', 'a', 'connect', 'failure')).toBe(failures);
        expect(world.counted('attempt', 'a', 'response', 'success')).toBe(1);
        expect(world.counted('retry', 'a', 'granted', 'connection_refused')).toBe(failures);
        expect(world.counted('retry', 'a', 'saved', 'connection_refused')).toBe(failures > 0 ? 1 : 0);
      }),
    );
  });
});

describe('the entry of an answered request', () => {
  /** Its attempts are two: one that was refused, and a good one. */
  function told(
    order: readonly ('first' | 'last' | 'request')[],
    flags = 0,
    when: 'answered' | 'unanswered' = 'answered',
  ) {
    const world = new CoreWorld(POLICY);
    const session = admitted(world);
    const { id } = session.record;
    const good = { ...answered('trace', 200), flags };
    if (when === 'answered') world.engine.requestAnswered(session, seen(2, answered('admission', 200)), world.now);
    const entries: Readonly<Record<string, TraceEntry>> = {
      first: { kind: 'attempt', id, attempt: 1, cluster: 'a', evidence: refused('trace') },
      last: { kind: 'attempt', id, attempt: 2, cluster: 'a', evidence: good },
      request: { kind: 'request', id, cluster: 'a', evidence: good, clientStatus: 200, attempts: 2 },
    };
    for (const name of order) {
      const entry = entries[name];
      if (entry !== undefined) world.engine.traced(entry, world.now);
    }
    return world;
  }

  it('is no news where those of its attempts came before it, in whatever order', () => {
    for (const order of [['first', 'last', 'request'] as const, ['last', 'first', 'request'] as const]) {
      const world = told(order);
      expect([world.counted('trace', 'request', 'known'), world.counted('trace', 'request', 'early')]).toEqual([1, 0]);
    }
  });

  it.each([
    [['request', 'first', 'last'] as const],
    [['first', 'request', 'last'] as const],
    [['last', 'request', 'first'] as const],
  ])('is early in the order %j, once however often it comes; all else is as it would be', (order) => {
    const world = told([...order, 'request', 'request']);
    expect(world.counted('trace', 'request', 'early')).toBe(1);
    expect(world.engine.openSessions).toBe(0);
    expect(world.finished[0]).toMatchObject({
      result: 'success',
      attempts: [{ stage: 'connect' }, { stage: 'response' }],
    });
    expect(world.circuit('a')).toMatchObject({ requests: 2, failures: 1 });
  });

  it('is early where those of its attempts are lost', () => {
    const world = told(['request']);
    expect(world.counted('trace', 'request', 'early')).toBe(1);
    world.advance(3_600_000);
    world.engine.sweep(world.now);
    expect([world.engine.openSessions, world.counted('dropped', 'evidence')]).toEqual([0, 1]);
  });

  it.each([
    ['the connection', FLAGS.downstreamConnectionTermination],
    ['the stream', FLAGS.downstreamRemoteReset],
  ])('is not early where the client ended %s: Envoy logs it first then', (_, flags) => {
    const world = told(['request', 'first', 'last'], flags);
    expect([world.counted('trace', 'request', 'known'), world.counted('trace', 'request', 'early')]).toEqual([1, 0]);
  });

  it('is what settles a request whose answer was not seen, and not early', () => {
    const world = told(['request', 'first', 'last'], 0, 'unanswered');
    expect([world.counted('trace', 'request', 'settled'), world.counted('trace', 'request', 'early')]).toEqual([1, 0]);
  });
});

describe('evidence that never comes', () => {
  it('is given up after the grace time, and a followed attempt counts as failed', () => {
    const world = new CoreWorld(POLICY);
    const session = admitted(world);
    world.engine.requestAnswered(session, seen(2, answered('admission', 200)), world.now);
    world.advance(9_000);
    world.engine.sweep(world.now);
    expect(world.engine.openSessions).toBe(1);
    world.advance(1_000);
    world.engine.sweep(world.now);
    expect(world.engine.openSessions).toBe(0);
    expect(world.finished[0]?.attempts.map(({ stage, outcome }) => [stage, outcome])).toEqual([
      ['unknown', 'failure'],
      ['response', 'success'],
    ]);
    expect(world.circuit('a')).toMatchObject({ requests: 2, failures: 1 });
  });

  it('of a request that was only admitted counts on neither side', () => {
    const world = new CoreWorld(POLICY);
    world.engine.requestClosed(admitted(world), world.now);
    world.advance(5_000);
    world.engine.sweep(world.now);
    expect(world.finished[0]).toMatchObject({ result: 'unknown', attempts: [] });
    expect(world.circuit('a')).toMatchObject({ requests: 0 });
  });

  it('keeps a long stream under watch, once a trace is known to come', () => {
    const world = new CoreWorld(POLICY);
    const early = admitted(world);
    world.engine.traced(
      {
        kind: 'request',
        id: 'someone',
        cluster: 'a',
        evidence: answered('trace', 200),
        clientStatus: 200,
        attempts: 1,
      },
      world.now,
    );
    world.engine.requestAnswered(early, seen(1, answered('admission', 200)), world.now);
    world.advance(1_800_000);
    world.engine.sweep(world.now);
    const cut: Evidence = { ...answered('trace', 200), flags: FLAGS.upstreamConnectionTermination };
    world.engine.traced({ kind: 'attempt', id: early.record.id, attempt: 1, cluster: 'a', evidence: cut }, world.now);
    expect(world.circuit('a').failures).toBe(1);
    expect(world.settled.map(({ attempt }) => attempt.stage)).toEqual(['response', 'body']);
  });
});

describe('a success that turns bad after its headers', () => {
  const late = (world: CoreWorld, change: Partial<Evidence>) => {
    const session = admitted(world);
    world.engine.requestAnswered(session, seen(1, answered('admission', 200)), world.now);
    const evidence = { ...answered('trace', 200), ...change };
    const entry: TraceEntry = { kind: 'attempt', id: session.record.id, attempt: 1, cluster: 'a', evidence };
    for (let copies = 0; copies < 3; copies++) world.engine.traced(entry, world.now);
    return session.record;
  };

  it('by a gRPC status in its trailers adds one failure to the success', () => {
    const world = new CoreWorld(POLICY);
    const record = late(world, { grpcStatus: 14 });
    expect(world.circuit('a')).toMatchObject({ requests: 2, failures: 1, consecutiveFailures: 1 });
    expect(record.attempts[0]).toMatchObject({ stage: 'response', outcome: 'failure', error: 'grpc_status' });
  });

  it('by RESOURCE_EXHAUSTED in its trailers leaves the streak alone', () => {
    const world = new CoreWorld(POLICY);
    late(world, { grpcStatus: 8 });
    expect(world.circuit('a')).toMatchObject({ requests: 2, failures: 1, consecutiveFailures: 0 });
  });

  it('by a broken body adds one failure, however often the log says so', () => {
    const world = new CoreWorld(POLICY);
    const record = late(world, { flags: FLAGS.upstreamConnectionTermination });
    expect(world.circuit('a')).toMatchObject({ requests: 2, failures: 1 });
    expect(record.attempts[0]).toMatchObject({ stage: 'body', outcome: 'failure', error: 'interrupted' });
  });

  it('stays a success when the trailers say OK', () => {
    const world = new CoreWorld(POLICY);
    late(world, { grpcStatus: 0 });
    expect(world.circuit('a')).toMatchObject({ requests: 1, failures: 0 });
  });
});

describe("evidence that is nobody's", () => {
  it.each([
    ['unmatched', { id: 'forged', attempt: 1 }],
    ['untagged', { id: '', attempt: 1 }],
    ['untagged', { id: 'forged', attempt: 0 }],
  ] as const)('is counted as %s and changes nothing', (match, tags) => {
    const world = new CoreWorld(POLICY);
    world.engine.traced({ kind: 'attempt', cluster: 'a', evidence: refused('trace'), ...tags }, world.now);
    expect(world.counted('trace', 'attempt', match)).toBe(1);
    expect(world.settled).toEqual([]);
    expect(world.circuits.get('a')).toBeUndefined();
  });

  it('with an absurd attempt number of a real request makes no attempts', () => {
    const world = new CoreWorld(POLICY);
    const session = admitted(world);
    world.engine.traced(
      { kind: 'attempt', id: session.record.id, attempt: 1e9, cluster: 'a', evidence: refused('trace') },
      world.now,
    );
    expect(session.attempts).toEqual([]);
  });
});

describe('too many open sessions', () => {
  it('let go of the oldest and count an unanswered one', () => {
    const limits = { max: 10, pendingMs: 1e6, answeredMs: 1e6, withoutTraceMs: 1e6, graceMs: 1e3, unlogged: 1e9 };
    const world = new CoreWorld(POLICY, { limits });
    for (let i = 0; i < 25; i++) admitted(world);
    expect(world.engine.openSessions).toBe(10);
    expect(world.counted('dropped', 'session')).toBe(15);
    expect(world.finished).toHaveLength(15);
  });
});
