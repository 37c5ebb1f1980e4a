// The log is cut, or keeps quiet: what it would have told is not waited for longer than it may still come, and what never
// came is counted.

import { describe, expect, it } from 'vitest';
import { SESSION_LIMITS } from '../../src/core/sessions.js';
import { CoreWorld, type WorldOptions } from '../support/core-world.js';
import { Story, status } from './support.js';

const POLICY = { defaults: { circuit: { minimumRequests: 100 }, retry: { maxRetries: 1 } } };
const { withoutTraceMs, answeredMs } = SESSION_LIMITS;

function worldWithLog(options: WorldOptions = {}): CoreWorld {
  const world = new CoreWorld(POLICY, options);
  const first = new Story(world);
  first.answered(1, status(200));
  first.logged(1, status(200));
  first.requestLogged(status(200), 1);
  expect(world.engine.openSessions).toBe(0);
  return world;
}

function heldAfter(world: CoreWorld, ms: number): number {
  world.advance(ms);
  world.engine.sweep(world.now);
  return world.engine.openSessions;
}

describe('when a log stream ends', () => {
  it('an answered request is held for as long as without a log, and then its evidence is counted as lost', () => {
    const world = worldWithLog();
    new Story(world).answered(1, status(200));
    world.engine.traceEnded(world.now);
    expect(heldAfter(world, withoutTraceMs - 1)).toBe(1);
    expect(world.counted('dropped', 'evidence')).toBe(0);
    expect(heldAfter(world, 1)).toBe(0);
    expect(world.counted('dropped', 'evidence')).toBe(1);
    expect(world.finished.at(-1)).toMatchObject({ result: 'success', attempts: [{ outcome: 'success' }] });
  });

  it('a request without an answer is held on', () => {
    const world = worldWithLog();
    const story = new Story(world);
    world.engine.traceEnded(world.now);
    expect(heldAfter(world, withoutTraceMs)).toBe(1);
    story.answered(1, status(200));
    expect(world.counted('attempt', 'a', 'response', 'success')).toBe(2);
  });

  it('and another brings the entry in time, nothing is lost', () => {
    const world = worldWithLog();
    const story = new Story(world);
    story.answered(1, status(200));
    world.engine.traceEnded(world.now);
    world.advance(withoutTraceMs - 1);
    story.logged(1, status(200));
    story.requestLogged(status(200), 1);
    expect(heldAfter(world, 1)).toBe(0);
    expect(world.counted('dropped', 'evidence')).toBe(0);
  });

  it('requests answered before the next entry are not held for a stream that may never come', () => {
    const world = worldWithLog();
    world.engine.traceEnded(world.now);
    new Story(world).answered(1, status(200));
    expect(heldAfter(world, withoutTraceMs)).toBe(0);
  });

  it('and entries come again, a long stream is waited for as before', () => {
    const world = worldWithLog();
    world.engine.traceEnded(world.now);
    const story = new Story(world);
    story.answered(1, status(200));
    story.logged(1, status(200));
    story.requestLogged(status(200), 1);
    new Story(world).answered(1, status(200));
    expect(heldAfter(world, answeredMs - 1)).toBe(1);
  });
});

describe('where no log is wired', () => {
  const { unlogged } = SESSION_LIMITS;
  function worldWithoutLog(requests = unlogged): CoreWorld {
    const world = new CoreWorld(POLICY);
    for (let count = 0; count < requests; count += 1) new Story(world).answered(1, status(200));
    return world;
  }

  it('an answered request is not held, once enough of them have shown that there is none', () => {
    const world = worldWithoutLog();
    new Story(world).answered(1, status(200));
    expect(world.engine.openSessions).toBe(unlogged);
    expect(world.finished.at(-1)).toMatchObject({ result: 'success', attempts: [{ outcome: 'success' }] });
    expect(world.counted('dropped', 'evidence')).toBe(0);
  });

  it('fewer show nothing yet, however long it takes', () => {
    const world = worldWithoutLog(unlogged - 1);
    world.advance(withoutTraceMs - 1);
    new Story(world).answered(1, status(200));
    expect(world.engine.openSessions).toBe(unlogged);
  });

  it('its first entry is enough for the next request to be held again', () => {
    const world = worldWithoutLog();
    const story = new Story(world);
    story.logged(1, status(200));
    story.answered(1, status(200));
    expect(world.engine.openSessions).toBe(unlogged + 1);
  });

  it('a request without an answer is held', () => {
    const world = worldWithoutLog();
    new Story(world);
    expect(world.engine.openSessions).toBe(unlogged + 1);
  });
});

describe('an answered request of which the log does not tell', () => {
  it('is no loss where there is no log', () => {
    const world = new CoreWorld(POLICY);
    new Story(world).answered(1, status(200));
    expect(heldAfter(world, withoutTraceMs)).toBe(0);
    expect(world.counted('dropped', 'evidence')).toBe(0);
  });

  it('is counted when it has to make room for others, and is not taken for one without an answer', () => {
    const world = worldWithLog({ limits: { ...SESSION_LIMITS, max: 2 } });
    for (let count = 0; count < 3; count += 1) new Story(world).answered(1, status(200));
    expect(world.counted('dropped', 'evidence')).toBe(1);
    expect(world.counted('dropped', 'session')).toBe(0);
    expect(world.engine.openSessions).toBe(2);
  });

  it('is counted after its long time', () => {
    const world = worldWithLog();
    new Story(world).answered(1, status(200));
    expect(heldAfter(world, answeredMs)).toBe(0);
    expect(world.counted('dropped', 'evidence')).toBe(1);
  });
});
