// What is counted, is counted once: an attempt, a failure of a request on a cluster, a retry that Sluice granted.

import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';
import { REFUSED, Story, status } from './support.js';

const CUT = { flags: FLAGS.upstreamConnectionTermination };

describe('an attempt', () => {
  it('that failed by its status is no second failure where its body breaks off as well', () => {
    const world = new CoreWorld({});
    const story = new Story(world);
    story.answered(1, status(503));
    story.logged(1, { ...status(503), ...CUT });
    expect(world.settled).toHaveLength(1);
    expect(world.counted('attempt', 'a', 'response', 'failure')).toBe(1);
    expect(world.circuit('a')).toMatchObject({ requests: 1, failures: 1 });
  });

  it('that was good until its body broke off is told of twice: a success and a failure', () => {
    const world = new CoreWorld({});
    const story = new Story(world);
    story.answered(1, status(200));
    story.logged(1, { ...status(200), ...CUT });
    expect(world.settled.map(({ attempt }) => attempt.outcome)).toEqual(['success', 'failure']);
    expect(world.circuit('a')).toMatchObject({ requests: 2, failures: 1 });
  });
});

describe('a cluster that Envoy went to against the plan', () => {
  it('has one failure per request, however many attempts failed there', () => {
    const world = new CoreWorld({ defaults: { retry: { maxRetries: 3 } } });
    const story = new Story(world);
    for (const attempt of [1, 2, 3]) story.logged(attempt, REFUSED, 'elsewhere');
    expect(world.circuit('elsewhere')).toMatchObject({ requests: 1, failures: 1 });
  });

  it('has a success that follows a failure counted too', () => {
    const world = new CoreWorld({ defaults: { retry: { maxRetries: 3 } } });
    const story = new Story(world);
    story.logged(1, REFUSED, 'elsewhere');
    story.logged(2, status(200), 'elsewhere');
    expect(world.circuit('elsewhere')).toMatchObject({ requests: 2, failures: 1 });
  });
});

describe('a retry that Envoy made by its own policy', () => {
  it.each(['off', 'shadow'])('is none that Sluice granted or saved a request with, in mode %s', (mode) => {
    const world = new CoreWorld({ defaults: { retry: { mode, maxRetries: 1 } } });
    const story = new Story(world);
    story.logged(1, REFUSED);
    story.logged(2, status(200));
    story.answered(2, status(200));
    story.requestLogged(status(200), 2);
    expect(world.finished).toHaveLength(1);
    expect([...world.counts.keys()].filter((name) => name.startsWith('retry '))).toEqual([]);
  });
});

describe('a retry that the judge decided on', () => {
  it('is charged once, though the judge was asked twice, and given back once where it was not made', () => {
    const budget = { ratio: 0, minPerSecond: 5, window: '1s' };
    const world = new CoreWorld({ defaults: { retry: { maxRetries: 1, judge: true, statuses: [503], budget } } });
    const story = new Story(world);
    const left = () => world.engine.budgetRemaining('a', world.now);
    for (let times = 0; times < 2; times++) expect(story.judged(1, 503).kind).toBe('retry');
    expect(left()).toBe(4);
    for (let times = 0; times < 2; times++) world.engine.retryAbandoned(story.session, world.now);
    expect(left()).toBe(5);
  });
});
