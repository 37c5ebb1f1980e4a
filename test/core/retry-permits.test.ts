// A retry may come long after its request was admitted, when the circuit has opened and is asking again: then it is a
// probe, under a permit of its own. Evidence about the attempts before it is no evidence about the probe.

import { describe, expect, it } from 'vitest';
import { CoreWorld } from '../support/core-world.js';
import { FACTS, failOnce, REFUSED, Story, status } from './support.js';

const OPEN_MS = 1000;
const POLICY = {
  defaults: {
    circuit: { consecutiveFailures: 1, open: { base: '1s', jitter: 0 }, halfOpen: { probes: 1, lease: '30s' } },
    retry: { maxRetries: 3, judge: true, statuses: [503], budget: { ratio: 0, minPerSecond: 10, window: '1s' } },
  },
};

/** A request whose first attempt went out while the circuit was closed, and its circuit about to ask again. */
function retryAfterOpening(policy: object = POLICY) {
  const world = new CoreWorld(policy);
  const story = new Story(world);
  story.starts(1);
  failOnce(world);
  world.advance(OPEN_MS);
  return { world, story };
}

const probeIsFree = (world: CoreWorld) => world.engine.admit(FACTS, world.now).kind === 'proceed';

describe('a retry that is a probe', () => {
  it('is not judged by what the log tells late of the attempt before it', () => {
    const { world, story } = retryAfterOpening();
    expect(story.starts(2).kind).toBe('pass');
    expect(world.circuit('a').state).toBe('half_open');
    story.logged(1, REFUSED);
    expect(world.circuit('a').state).toBe('half_open');
    story.answered(2, status(200));
    expect(world.circuit('a').state).toBe('closed');
  });

  it('opens the circuit again when it fails, though a failure of its request was counted before it opened', () => {
    const world = new CoreWorld({
      ...POLICY,
      defaults: { ...POLICY.defaults, circuit: { ...POLICY.defaults.circuit, consecutiveFailures: 2 } },
    });
    const story = new Story(world);
    story.logged(1, REFUSED);
    failOnce(world);
    expect(world.circuit('a').state).toBe('open');
    world.advance(OPEN_MS);
    expect(story.starts(2).kind).toBe('pass');
    story.answered(2, status(503));
    expect(world.circuit('a')).toMatchObject({ state: 'open', reason: 'probe_failed' });
  });

  it('counts as one failure with the attempt before it where the circuit never opened', () => {
    const world = new CoreWorld({ defaults: { retry: { maxRetries: 3 } } });
    const story = new Story(world);
    story.logged(1, REFUSED);
    story.starts(2);
    story.logged(2, REFUSED);
    expect(world.circuit('a')).toMatchObject({ requests: 1, failures: 1 });
  });

  it('is not taken for an attempt elsewhere: what the log tells of another cluster counts there alone', () => {
    const world = new CoreWorld({ ...POLICY, clusters: { a: { fallback: ['b'] } } });
    const story = new Story(world);
    failOnce(world);
    world.advance(OPEN_MS);
    expect(story.starts(2).kind).toBe('pass');
    story.logged(2, status(200), 'b');
    expect(world.circuit('b')).toMatchObject({ requests: 1, failures: 0 });
    expect(world.circuit('a').state).toBe('half_open');
    story.logged(1, REFUSED);
    story.requestLogged(status(200), 2);
    expect(world.engine.openSessions).toBe(0);
    expect(probeIsFree(world)).toBe(true);
  });

  it('gives its permit back at once when the budget refuses it', () => {
    const { world, story } = retryAfterOpening({
      defaults: { ...POLICY.defaults, retry: { maxRetries: 3, budget: { ratio: 0, minPerSecond: 1, window: '1s' } } },
    });
    story.session.budget?.charge(world.now);
    expect(story.starts(2)).toMatchObject({ kind: 'answer', answer: { details: 'sluice_retry_budget' } });
    expect(world.circuit('a').state).toBe('half_open');
    expect(probeIsFree(world)).toBe(true);
  });
});
