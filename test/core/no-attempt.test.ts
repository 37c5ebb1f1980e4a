// A request that Envoy answers by itself, or whose answer turns bad after its headers: no attempt, or a good one, tells how
// it ended for the client.

import { describe, expect, it } from 'vitest';
import type { AnswerSeen } from '../../src/core/engine.js';
import { type Evidence, FLAGS } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';
import { evidence, FACTS } from './support.js';

const POLICY = { defaults: { circuit: { minimumRequests: 100 }, retry: { maxRetries: 3 } } };

function seen(attempt: number, clientStatus: number, changes: Partial<Evidence>): AnswerSeen {
  const wish = { waitMs: 0, retry: null };
  return {
    attempt,
    cluster: 'a',
    evidence: evidence('admission', changes),
    wish,
    remainingMs: null,
    clientStatus,
  };
}

function begin(policy: object = POLICY) {
  const world = new CoreWorld(policy);
  const admit = () => {
    const decision = world.engine.admit(FACTS, world.now);
    if (decision.kind !== 'proceed') throw new Error('not admitted');
    return decision.session;
  };
  return { world, admit, session: admit() };
}

type Started = ReturnType<typeof begin>;

function requestLogged({ world, session }: Started, clientStatus: number | null, attempts: number | null): void {
  const told = evidence('trace', { written: false });
  const { id } = session.record;
  world.engine.traced({ kind: 'request', id, cluster: '', evidence: told, clientStatus, attempts }, world.now);
}

function answeredByEnvoy(started: Started, status: number): void {
  const { world, session } = started;
  world.engine.requestAnswered(session, seen(0, status, { details: 'rbac_access_denied' }), world.now);
}

describe('a request for which Envoy made no attempt', () => {
  it.each([
    [403, 'failure', 'local'],
    [200, 'success', null],
  ] as const)('answered with %d is a %s, without attempts', (status, result, notRetried) => {
    const started = begin();
    answeredByEnvoy(started, status);
    requestLogged(started, status, null);
    expect(started.world.finished).toMatchObject([{ attempts: [], result, notRetried, status }]);
    expect(started.world.circuit('a')).toMatchObject({ requests: 0, failures: 0 });
  });

  it('is over with its log entry: there is no other to wait for', () => {
    const started = begin();
    answeredByEnvoy(started, 403);
    expect(started.world.engine.openSessions).toBe(1);
    requestLogged(started, 403, null);
    expect(started.world.engine.openSessions).toBe(0);
  });

  it('gives the permit of a probe back with its log entry', () => {
    const policy = { defaults: { circuit: { consecutiveFailures: 1, open: { base: '1s', jitter: 0 } } } };
    const first = begin(policy);
    const { world } = first;
    world.engine.requestAnswered(first.session, seen(1, 500, { status: 500, details: 'via_upstream' }), world.now);
    world.advance(1000);
    const probe: Started = { ...first, session: first.admit() };
    expect(world.engine.admit(FACTS, world.now).kind).toBe('answer');
    answeredByEnvoy(probe, 403);
    requestLogged(probe, 403, null);
    expect(world.circuit('a').state).toBe('half_open');
    expect(world.engine.admit(FACTS, world.now).kind).toBe('proceed');
  });

  it('is cancelled where the client left before the first attempt', () => {
    const started = begin();
    started.world.engine.requestClosed(started.session, started.world.now);
    requestLogged(started, null, null);
    expect(started.world.finished).toMatchObject([{ attempts: [], result: 'cancelled', notRetried: 'cancelled' }]);
    expect(started.world.engine.openSessions).toBe(0);
  });
});

describe('a client that left during the wait before a retry', () => {
  it('was sent nothing: the request is cancelled, though its attempt was answered', () => {
    const started = begin({ defaults: { retry: { maxRetries: 1, judge: true, statuses: [503] } } });
    const { world, session } = started;
    const decision = world.engine.attemptAnswered(session, seen(1, 503, { status: 503 }), world.now);
    expect(decision.kind).toBe('retry');
    world.engine.retryAbandoned(session, world.now);
    requestLogged(started, null, 1);
    expect(session.record).toMatchObject({ result: 'cancelled', notRetried: 'cancelled', status: null });
    expect(session.record.attempts).toMatchObject([{ status: 503, outcome: 'failure' }]);
  });
});

describe('an answer that turns bad after its headers', () => {
  function logged({ world, session }: Started, changes: Partial<Evidence>): void {
    const told = evidence('trace', { status: 200, written: true, ...changes });
    world.engine.traced(
      { kind: 'attempt', id: session.record.id, attempt: 1, cluster: 'a', evidence: told },
      world.now,
    );
  }

  it.each([
    ['a body that breaks off', { flags: FLAGS.upstreamConnectionTermination }, 'written'],
    ['a gRPC status in the trailers', { grpcStatus: 14 }, 'not_retriable'],
  ] as const)('is a failure for the client by %s', (_what, changes, notRetried) => {
    const started = begin();
    const { world, session } = started;
    world.engine.requestAnswered(session, seen(1, 200, { status: 200, details: 'via_upstream' }), world.now);
    expect(session.record).toMatchObject({ result: 'success', notRetried: null });
    world.advance(700);
    logged(started, changes);
    expect(session.record).toMatchObject({ result: 'failure', notRetried, endedAtMs: world.now });
  });

  it('stays a success for the client where the rest was good too, and ended when its headers came', () => {
    const started = begin();
    const { world, session } = started;
    const answeredAtMs = world.now;
    world.engine.requestAnswered(session, seen(1, 200, { status: 200, details: 'via_upstream' }), world.now);
    world.advance(700);
    logged(started, {});
    expect(session.record).toMatchObject({ result: 'success', notRetried: null, endedAtMs: answeredAtMs });
  });
});
