// The gate refuses while Envoy connects. Where the connection fails first, the refusal never took effect: nothing may be
// told or counted of it, and the attempts are those that were made.

import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';
import { FACTS, REFUSED } from './support.js';

const BUDGET = { ratio: 0, minPerSecond: 1, window: '1s' };
const WISH = { waitMs: 0, retry: null };

function evidence(source: Evidence['source'], changes: Partial<Evidence>): Evidence {
  const nothing = { flags: 0, status: null, grpcStatus: null, written: false, transportFailure: '', details: '' };
  return { source, ...nothing, host: 'h', durationMs: 1, ...changes };
}

const BY_ENVOY = { ...REFUSED, details: 'upstream_reset_before_response_started{remote_connection_failure}' };
const BY_GATE = { details: 'sluice_retry_budget' };

/** One retry is in the budget, three are granted: the gate refuses the third attempt. */
function refusedAtThree() {
  const world = new CoreWorld({ defaults: { retry: { maxRetries: 3, budget: BUDGET } } });
  const decision = world.engine.admit(FACTS, world.now);
  if (decision.kind !== 'proceed') throw new Error('not admitted');
  const { session } = decision;
  const { id } = session.record;
  const starts = (attempt: number) =>
    world.engine.attemptStarts(session, { attempt, cluster: 'a', remainingMs: null }, world.now).kind;
  const logged = (attempt: number, told: Partial<Evidence>) =>
    world.engine.traced({ kind: 'attempt', id, attempt, cluster: 'a', evidence: evidence('trace', told) }, world.now);
  const answered = (attempt: number, told: Partial<Evidence>) =>
    world.engine.requestAnswered(
      session,
      {
        attempt,
        cluster: 'a',
        evidence: evidence('admission', told),
        wish: WISH,
        remainingMs: null,
        clientStatus: 503,
      },
      world.now,
    );
  const requestLogged = (told: Partial<Evidence>, attempts: number) =>
    world.engine.traced(
      { kind: 'request', id, cluster: 'a', evidence: evidence('trace', told), clientStatus: 503, attempts },
      world.now,
    );
  logged(1, REFUSED);
  expect(starts(2)).toBe('pass');
  logged(2, REFUSED);
  expect(starts(3)).toBe('answer');
  return { world, session, starts, logged, answered, requestLogged };
}

describe('a refusal that took effect', () => {
  it('is told and counted once the client has it, and is no attempt', () => {
    const { world, session, logged, answered, requestLogged } = refusedAtThree();
    expect(world.counted('answered', 'a', 'retry_budget')).toBe(0);
    answered(3, BY_GATE);
    expect(world.counted('answered', 'a', 'retry_budget')).toBe(1);
    logged(3, {});
    requestLogged(BY_GATE, 3);
    expect(session.record).toMatchObject({ result: 'refused', reason: 'retry_budget', notRetried: 'retry_budget' });
    expect(session.record.attempts).toHaveLength(2);
    expect(world.engine.openSessions).toBe(0);
  });

  it('is counted where only the log tells of it', () => {
    const { world, session, requestLogged } = refusedAtThree();
    requestLogged(BY_GATE, 3);
    expect(session.record.result).toBe('refused');
    expect(world.counted('answered', 'a', 'retry_budget')).toBe(1);
  });
});

describe('a refusal that came too late', () => {
  it('is taken back when Envoy goes on to the next attempt', () => {
    const { world, session, starts, logged, answered, requestLogged } = refusedAtThree();
    world.advance(2000);
    expect(starts(4)).toBe('pass');
    logged(3, REFUSED);
    answered(4, BY_ENVOY);
    logged(4, REFUSED);
    requestLogged(BY_ENVOY, 4);
    expect(session.record).toMatchObject({ result: 'failure', reason: null, notRetried: 'exhausted' });
    expect(session.record.attempts.map(({ stage }) => stage)).toEqual(['connect', 'connect', 'connect', 'connect']);
    expect(world.counted('answered', 'a', 'retry_budget')).toBe(0);
    expect(world.engine.openSessions).toBe(0);
  });

  it('is taken back when the answer is of Envoy, and its attempt counts', () => {
    const { world, session, logged, answered, requestLogged } = refusedAtThree();
    answered(3, BY_ENVOY);
    logged(3, REFUSED);
    requestLogged(BY_ENVOY, 3);
    expect(session.record).toMatchObject({ result: 'failure', reason: null });
    expect(session.record.attempts).toHaveLength(3);
    expect(world.counted('answered', 'a', 'retry_budget')).toBe(0);
    expect(world.engine.openSessions).toBe(0);
  });

  it('is taken back when the log tells how its attempt failed, before anything else does', () => {
    const { session, logged, answered } = refusedAtThree();
    logged(3, REFUSED);
    expect(session.record).toMatchObject({ reason: null, notRetried: null });
    answered(3, BY_ENVOY);
    expect(session.record.attempts).toHaveLength(3);
    expect(session.record.result).toBe('failure');
  });
});
