// What ends a request's retries is told by its own name, and what a probe held is free as soon as nothing will come of it.

import { describe, expect, it } from 'vitest';
import { CoreWorld } from '../support/core-world.js';
import { FACTS, failOnce, Story, status } from './support.js';

const CIRCUIT = { consecutiveFailures: 1, open: { base: '1s', jitter: 0 } };
const RETRY = { maxRetries: 3, judge: true, statuses: [408, 503], backoff: { base: '1ms', max: '1ms' } };

describe('the reason why no further attempt was made', () => {
  const judgedWith = (circuit: object) =>
    new CoreWorld({ defaults: { circuit, retry: RETRY }, clusters: { a: { fallback: ['b'] } } });

  it('is the answer itself where no cluster is left that would answer otherwise', () => {
    const { session, judgedAt } = twice(judgedWith({ failureStatuses: [500] }));
    expect(judgedAt(1, 'a', 408)).toBe('retry');
    expect(judgedAt(2, 'b', 408)).toBe('pass');
    expect(session.record.notRetried).toBe('not_retriable');
  });

  it('is exhaustion where every attempt that is left was planned for a cluster that is spent', () => {
    const { session, judgedAt } = twice(judgedWith({ failureStatuses: [500] }));
    expect(judgedAt(1, 'a', 408)).toBe('retry');
    expect(judgedAt(2, 'b', 503)).toBe('retry');
    expect(judgedAt(3, 'b', 503)).toBe('pass');
    expect(session.record.notRetried).toBe('exhausted');
  });

  it('is the circuit where an open one is all that is left', () => {
    const world = judgedWith(CIRCUIT);
    const { session, judgedAt } = twice(world);
    failOnce(world, 'b');
    expect(judgedAt(1, 'a', 503)).toBe('pass');
    expect(session.record.notRetried).toBe('circuit_open');
  });

  function twice(world: CoreWorld) {
    const story = new Story(world);
    const judgedAt = (attempt: number, cluster: string, code: number) => {
      story.starts(attempt, cluster);
      return story.judged(attempt, code, { cluster }).kind;
    };
    return { session: story.session, judgedAt };
  }
});

describe('a probe for which Envoy made no attempt', () => {
  it('is given back with the answer, not only with the log', () => {
    const world = new CoreWorld({ defaults: { circuit: CIRCUIT } });
    failOnce(world);
    world.advance(1000);
    const probe = new Story(world);
    expect(world.engine.admit(FACTS, world.now).kind).toBe('answer');
    probe.answered(0, { details: 'no_healthy_upstream' });
    expect(world.engine.admit(FACTS, world.now).kind).toBe('proceed');
  });
});

describe('a retry to a circuit in mode shadow', () => {
  it('passes the gate while it is open, and what would have been refused is told', () => {
    const world = new CoreWorld({ defaults: { circuit: { ...CIRCUIT, mode: 'shadow' }, retry: { maxRetries: 1 } } });
    const story = new Story(world);
    failOnce(world);
    expect(story.starts(2).kind).toBe('pass');
    expect(world.counted('shadow', 'a', 'short_circuit', 'circuit_open')).toBe(1);
    story.answered(2, status(200));
    expect(world.circuit('a').state).toBe('open');
  });
});
