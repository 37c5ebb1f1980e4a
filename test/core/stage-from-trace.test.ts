// The final answer of a reset attempt cannot tell whether the request had been written: the stage is unknown, and the
// worse is assumed. The log tells a moment later, and the record and its explanation have to follow it.

import { describe, expect, it } from 'vitest';
import { type Evidence, FLAGS } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';

const FACTS = {
  method: 'POST',
  path: '/',
  route: '',
  cluster: 'a',
  oneCluster: false,
  idempotencyKey: false,
  headers: { text: () => undefined },
  upgrade: false,
  grpc: false,
};

function reset(source: Evidence['source'], written: boolean | null): Evidence {
  const flags = FLAGS.upstreamConnectionTermination;
  return {
    source,
    flags,
    status: null,
    grpcStatus: null,
    written,
    transportFailure: '',
    details: '',
    host: 'h',
    durationMs: 1,
  };
}

/** One attempt that was reset, as the admission filter saw it. */
function answeredReset() {
  const world = new CoreWorld({});
  const decision = world.engine.admit(FACTS, world.now);
  if (decision.kind !== 'proceed') throw new Error('not admitted');
  const { session } = decision;
  const wish = { waitMs: 0, retry: null };
  const evidence = reset('admission', null);
  world.engine.requestAnswered(
    session,
    { attempt: 1, cluster: 'a', evidence, wish, remainingMs: null, clientStatus: 503 },
    world.now,
  );
  return { world, session };
}

function trace(world: CoreWorld, id: string, written: boolean): void {
  const evidence = reset('trace', written);
  world.engine.traced({ kind: 'attempt', id, attempt: 1, cluster: 'a', evidence }, world.now);
}

describe('an attempt whose stage the final answer could not tell', () => {
  it('is unknown, and a failure, until the log comes', () => {
    const { session } = answeredReset();
    expect(session.attempts[0]).toMatchObject({ stage: 'unknown', outcome: 'failure', error: 'reset' });
  });

  it('gets its stage from the log', () => {
    const { world, session } = answeredReset();
    trace(world, session.record.id, true);
    expect(session.attempts[0]).toMatchObject({ stage: 'request_sent', outcome: 'failure', error: 'reset' });
  });

  it('is counted once all the same', () => {
    const { world, session } = answeredReset();
    trace(world, session.record.id, true);
    expect(world.settled).toHaveLength(1);
    expect(world.circuit('a')).toMatchObject({ requests: 1, failures: 1 });
  });

  it('is not called written any more when the log says that it was not', () => {
    const { world, session } = answeredReset();
    const before = session.record.notRetried;
    trace(world, session.record.id, false);
    expect(session.attempts[0]).toMatchObject({ stage: 'before_request' });
    expect({ before, after: session.record.notRetried }).toEqual({ before: 'written', after: 'not_retried_by_envoy' });
  });
});

describe('an attempt that Envoy cut short, of which its log entry says no more than that it was written', () => {
  const silent: Evidence = { ...reset('trace', true), flags: 0 };
  const timeout: Evidence = { ...reset('admission', null), flags: FLAGS.upstreamRequestTimeout };

  it.each([
    ['the answer first', ['answer', 'entry']],
    ['the entry first', ['entry', 'answer']],
  ] as const)('is a response timeout of a written request, %s', (_order, order) => {
    const { world } = answeredReset();
    const decision = world.engine.admit(FACTS, world.now);
    if (decision.kind !== 'proceed') throw new Error('not admitted');
    const { session } = decision;
    trace(world, 'nobody', true); // from now on there is a log to wait for
    const told = {
      answer: () => {
        const wish = { waitMs: 0, retry: null };
        const seen = { attempt: 1, cluster: 'a', evidence: timeout, wish, remainingMs: null, clientStatus: 504 };
        world.engine.requestAnswered(session, seen, world.now);
      },
      entry: () => {
        const entry = { kind: 'attempt', id: session.record.id, attempt: 1, cluster: 'a', evidence: silent } as const;
        world.engine.traced(entry, world.now);
      },
    };
    for (const each of order) told[each]();
    expect(session.attempts).toMatchObject([{ stage: 'request_sent', outcome: 'failure', error: 'response_timeout' }]);
    expect(session.record).toMatchObject({ result: 'failure', notRetried: 'written' });
  });
});
