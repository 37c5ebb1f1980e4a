import { describe, expect, it } from 'vitest';
import { Bench, FAIL, IGNORED, OK, OVERLOADED, SLOW } from './support.js';

describe('the failure ratio', () => {
  it('opens when the ratio equals the threshold', () => {
    const bench = new Bench().run(OK, OK, FAIL, FAIL);
    expect(bench.path).toEqual(['closed > open: failure_ratio']);
  });

  it('stays closed just below the threshold', () => {
    expect(new Bench().run(OK, OK, OK, FAIL, FAIL).state).toBe('closed');
  });

  it('does not judge before the minimum is reached', () => {
    expect(new Bench().run(FAIL, FAIL, FAIL).state).toBe('closed');
  });

  it('opens on a success where that is the result that fills the minimum', () => {
    expect(new Bench().run(FAIL, FAIL, FAIL, OK).path).toEqual(['closed > open: failure_ratio']);
  });

  it.each([
    [19, 20, 0.95],
    [7, 25, 0.28],
    [7, 100, 0.07],
    [29, 100, 0.29],
    [1, 3, 1 / 3],
  ])(
    '%i of %i reaches %d exactly, whatever floating point makes of the product',
    (failures, requests, failureRatio) => {
      const results = [...Array(requests - failures).fill(OK), ...Array(failures).fill(FAIL)];
      const bench = new Bench({ failureRatio, minimumRequests: requests, window: { requests: 200, durationMs: 1000 } });
      bench.run(...results.slice(0, -1));
      expect(bench.state).toBe('closed');
      expect(bench.run(FAIL).state).toBe('open');
    },
  );

  it('takes a failure even where the threshold is 0', () => {
    const bench = new Bench({ failureRatio: 0, minimumRequests: 1 }).run(OK, OK);
    expect(bench.state).toBe('closed');
    expect(bench.run(FAIL).state).toBe('open');
  });

  it('is judged on a full window where the minimum is larger than that', () => {
    const bench = new Bench({ minimumRequests: 50, window: { requests: 5, durationMs: 1000 } });
    expect(bench.run(FAIL, FAIL, FAIL, FAIL).state).toBe('closed');
    expect(bench.run(FAIL).state).toBe('open');
  });

  it('forgets failures that have aged out', () => {
    const bench = new Bench().run(FAIL, FAIL, FAIL).wait(60_001);
    expect(bench.run(FAIL, OK, OK, OK).state).toBe('closed');
  });
});

describe('the streak', () => {
  const STREAK = { consecutiveFailures: 3, minimumRequests: 100 };

  it('opens at its length, before any minimum is reached', () => {
    const bench = new Bench(STREAK).run(FAIL, FAIL);
    expect(bench.state).toBe('closed');
    expect(bench.run(FAIL).path).toEqual(['closed > open: consecutive_failures']);
  });

  it('is off at 0', () => {
    expect(
      new Bench({ minimumRequests: 1000, consecutiveFailures: 0, window: { requests: 1000, durationMs: 1000 } }).run(
        ...Array(50).fill(FAIL),
      ).state,
    ).toBe('closed');
  });

  it('N15: a success sets consecutive failures back to 0', () => {
    const bench = new Bench(STREAK).run(FAIL, FAIL, OK);
    expect(bench.circuit.snapshot(bench.now).consecutiveFailures).toBe(0);
    expect(bench.run(FAIL, FAIL).state).toBe('closed');
  });

  it('does not end with the window: only a success ends it', () => {
    const bench = new Bench(STREAK).run(FAIL, FAIL).wait(120_000);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 0, consecutiveFailures: 2 });
    expect(bench.run(FAIL).state).toBe('open');
  });

  it('is not touched by what is ignored', () => {
    expect(new Bench(STREAK).run(FAIL, IGNORED, FAIL, IGNORED, FAIL).state).toBe('open');
  });

  it('is neither extended nor ended by an overload answer', () => {
    const bench = new Bench(STREAK).run(FAIL, OVERLOADED, OVERLOADED, OVERLOADED, FAIL);
    expect(bench.state).toBe('closed');
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ consecutiveFailures: 2, failures: 5 });
    expect(bench.run(FAIL).state).toBe('open');
  });

  it('leaves overload answers to the ratio', () => {
    const bench = new Bench({ consecutiveFailures: 2 }).run(OVERLOADED, OVERLOADED, OVERLOADED, OVERLOADED);
    expect(bench.path).toEqual(['closed > open: failure_ratio']);
  });
});

describe('the slow ratio', () => {
  const SLOW_ON = { slow: { afterMs: 100, ratio: 0.75 } };

  it('opens when the share of slow successes equals its threshold', () => {
    expect(new Bench(SLOW_ON).run(OK, SLOW, SLOW, SLOW).path).toEqual(['closed > open: slow_ratio']);
  });

  it('stays closed below its threshold', () => {
    expect(new Bench(SLOW_ON).run(OK, OK, SLOW, SLOW).state).toBe('closed');
  });

  it('needs the minimum', () => {
    expect(new Bench(SLOW_ON).run(SLOW, SLOW, SLOW).state).toBe('closed');
  });

  it('is off where the policy says nothing of slow', () => {
    const bench = new Bench().run(SLOW, SLOW, SLOW, SLOW, SLOW);
    expect(bench.state).toBe('closed');
    expect(bench.circuit.snapshot(bench.now).slowRatio).toBe(0);
  });

  it('takes a slow result even where its threshold is 0', () => {
    expect(new Bench({ slow: { afterMs: 100, ratio: 0 } }).run(OK, OK, OK, OK, OK).state).toBe('closed');
  });

  it('does not end a streak of successes: a slow success is a success', () => {
    const bench = new Bench({ ...SLOW_ON, consecutiveFailures: 3 }).run(FAIL, SLOW);
    expect(bench.circuit.snapshot(bench.now).consecutiveFailures).toBe(0);
  });
});

describe('the precedence of reasons', () => {
  const SLOW_FAIL = { ...FAIL, slow: true };
  const ALL = { consecutiveFailures: 4, slow: { afterMs: 100, ratio: 0.5 } };

  it('names the streak before the ratio', () => {
    const bench = new Bench(ALL).run(SLOW_FAIL, SLOW_FAIL, SLOW_FAIL, SLOW_FAIL);
    expect(bench.path).toEqual(['closed > open: consecutive_failures']);
  });

  it('names the failure ratio before the slow ratio', () => {
    const bench = new Bench({ ...ALL, consecutiveFailures: 5 }).run(SLOW_FAIL, SLOW_FAIL, SLOW_FAIL, SLOW_FAIL);
    expect(bench.path).toEqual(['closed > open: failure_ratio']);
  });

  it('names the slow ratio where only that holds', () => {
    expect(new Bench(ALL).run(OK, SLOW_FAIL, SLOW, OK).path).toEqual(['closed > open: slow_ratio']);
  });
});

describe('several results under one permit', () => {
  it('counts an interrupted body as a failure after the success of its headers', () => {
    const bench = new Bench();
    bench.report(bench.permit(), OK, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 2, failures: 1, consecutiveFailures: 1 });
  });

  it('counts a failure and a later success of one request on the same cluster', () => {
    const bench = new Bench();
    bench.report(bench.permit(), FAIL, OK);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 2, failures: 1, consecutiveFailures: 0 });
  });

  it('does not open at ratio 0.5 for twenty open streams and six quick failures', () => {
    const bench = new Bench({ window: { requests: 100, durationMs: 60_000 }, minimumRequests: 6 });
    const streams = Array.from({ length: 20 }, () => bench.permit());
    for (const stream of streams) bench.report(stream, OK); // at their headers; their ends bring nothing more
    expect(bench.run(FAIL, FAIL, FAIL, FAIL, FAIL, FAIL).state).toBe('closed');
  });
});
