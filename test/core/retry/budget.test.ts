import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetPolicy } from '../../../src/core/policy.js';
import { RetryBudget } from '../../../src/core/retry/budget.js';

/** A fifth of the traffic in ten seconds, and nothing without traffic. Its steps are 500 ms long. */
const FIFTH: BudgetPolicy = { ratio: 0.2, minPerSecond: 0, windowMs: 10_000 };

function withRequests(count: number, policy = FIFTH, now = 0): RetryBudget {
  const budget = new RetryBudget(policy);
  for (let i = 0; i < count; i++) budget.deposit(now);
  return budget;
}

/** Withdraws until the budget says no; answers how often it said yes. */
function drain(budget: RetryBudget, now: number): number {
  let retries = 0;
  while (budget.tryWithdraw(now)) retries += 1;
  return retries;
}

describe('a retry budget', () => {
  it('allows a share of the requests', () => {
    expect(drain(withRequests(100), 0)).toBe(20);
  });

  it('allows whole retries only', () => {
    expect(drain(withRequests(4), 0)).toBe(0);
    expect(drain(withRequests(5), 0)).toBe(1);
    expect(drain(withRequests(9), 0)).toBe(1);
  });

  it('loses no retry to floating point', () => {
    expect(drain(withRequests(100, { ...FIFTH, ratio: 0.29 }), 0)).toBe(29);
  });

  it('allows its floor without any traffic', () => {
    expect(drain(new RetryBudget({ ratio: 0, minPerSecond: 2, windowMs: 10_000 }), 0)).toBe(20);
  });

  it('adds the floor to the share', () => {
    expect(drain(withRequests(10, { ratio: 0.5, minPerSecond: 1, windowMs: 5000 }), 0)).toBe(10);
  });

  it('allows none at all where ratio and floor are 0', () => {
    const budget = withRequests(10_000, { ratio: 0, minPerSecond: 0, windowMs: 10_000 });
    expect(budget.available(0)).toBe(false);
    expect(budget.tryWithdraw(0)).toBe(false);
    expect(budget.remaining(0)).toBe(0);
  });

  it('says what is left, and asking changes nothing', () => {
    const budget = withRequests(12);
    for (let i = 0; i < 3; i++) expect(budget.remaining(0)).toBe(2);
    expect(budget.available(0)).toBe(true);
    expect(budget.tryWithdraw(0)).toBe(true);
    expect(budget.remaining(0)).toBe(1);
  });

  it('charges nothing when it says no', () => {
    const budget = withRequests(5);
    for (let i = 0; i < 50; i++) budget.tryWithdraw(0);
    for (let i = 0; i < 5; i++) budget.deposit(0);
    expect(budget.remaining(0)).toBe(1);
  });

  it('charges a retry that was made although nothing was left, and has it earned before the next', () => {
    const budget = withRequests(5);
    for (let i = 0; i < 3; i++) budget.charge(0);
    expect(budget.remaining(0)).toBe(0);
    for (let i = 0; i < 14; i++) budget.deposit(0);
    expect(budget.available(0)).toBe(false);
    budget.deposit(0);
    expect(drain(budget, 0)).toBe(1);
  });

  it('keeps attempts under 1 + ratio against an upstream that fails everything', () => {
    const budget = new RetryBudget(FIFTH);
    let attempts = 0;
    for (let now = 0; now < 100_000; now += 10) {
      budget.deposit(now);
      attempts += 1;
      for (let retry = 0; retry < 3 && budget.tryWithdraw(now); retry++) attempts += 1;
    }
    const requests = 10_000;
    expect(attempts / requests).toBeLessThanOrEqual(1.2);
    expect(attempts / requests).toBeGreaterThan(1.19);
  });
});

describe('its window', () => {
  it('counts a request for the whole of it, and forgets it within one step more', () => {
    const budget = withRequests(5, FIFTH, 499);
    expect(budget.remaining(10_499)).toBe(1);
    expect(budget.remaining(10_500)).toBe(0);
  });

  it('remembers a retry no shorter than that', () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.1, windowMs: 10_000 });
    expect(budget.tryWithdraw(0)).toBe(true);
    expect(budget.available(10_000)).toBe(false);
    expect(budget.available(10_500)).toBe(true);
  });

  it('starts anew after a long silence', () => {
    const budget = withRequests(1000);
    expect(budget.remaining(1e12)).toBe(0);
    budget.deposit(1e12);
    for (let i = 0; i < 4; i++) budget.deposit(1e12);
    expect(budget.remaining(1e12)).toBe(1);
  });

  it('holds its clock when the clock steps back', () => {
    const budget = withRequests(5, FIFTH, 50_000);
    for (let i = 0; i < 5; i++) budget.deposit(0);
    expect(budget.remaining(0)).toBe(2);
    expect(budget.remaining(60_000)).toBe(2);
    expect(budget.remaining(60_500)).toBe(0);
  });

  it('works on a clock below zero', () => {
    const budget = withRequests(5, FIFTH, -7777);
    expect(budget.remaining(-7777)).toBe(1);
    expect(budget.remaining(2223)).toBe(1);
    expect(budget.remaining(3000)).toBe(0);
  });
});

describe('a refund', () => {
  it('gives the retry back', () => {
    const budget = withRequests(5);
    expect(budget.tryWithdraw(0)).toBe(true);
    budget.refund(100, 0);
    expect(budget.remaining(100)).toBe(1);
  });

  it('gives nothing back twice', () => {
    const budget = withRequests(5);
    budget.tryWithdraw(0);
    for (let i = 0; i < 5; i++) budget.refund(100, 0);
    expect(budget.remaining(100)).toBe(1);
  });

  it('gives nothing for a charge that has left the window', () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 1, windowMs: 10_000 });
    budget.tryWithdraw(0);
    for (let i = 0; i < 10; i++) budget.tryWithdraw(20_000);
    budget.refund(20_000, 0);
    expect(budget.remaining(20_000)).toBe(0);
  });

  it('goes to the step of its charge, not of now', () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.2, windowMs: 10_000 });
    budget.tryWithdraw(0);
    budget.tryWithdraw(9000);
    budget.refund(9000, 0);
    expect(budget.remaining(9000)).toBe(1);
    expect(budget.remaining(19_000)).toBe(1); // the one of 9000 still counts
  });

  it('of a time to come is taken as of now', () => {
    const budget = withRequests(5);
    budget.tryWithdraw(0);
    budget.refund(0, 99_999);
    expect(budget.remaining(0)).toBe(1);
  });
});

describe('a reload', () => {
  it('keeps what was counted', () => {
    const budget = withRequests(10);
    budget.tryWithdraw(0);
    budget.reconfigure({ ...FIFTH, ratio: 0.5 }, 0);
    expect(budget.remaining(0)).toBe(4);
  });

  it('never shows less than nothing left', () => {
    const budget = withRequests(10);
    drain(budget, 0);
    budget.reconfigure({ ...FIFTH, ratio: 0.1 }, 0);
    expect(budget.remaining(0)).toBe(0);
    expect(budget.tryWithdraw(0)).toBe(false);
  });

  it('carries the counts over into a longer window', () => {
    const budget = withRequests(10, FIFTH, 9000);
    budget.tryWithdraw(9000);
    budget.reconfigure({ ...FIFTH, windowMs: 60_000 }, 12_000);
    expect(budget.remaining(12_000)).toBe(1);
    expect(budget.remaining(69_000)).toBe(1);
    expect(budget.remaining(73_000)).toBe(0);
  });

  it('carries a step over as if all of it had come at its end: nothing is forgotten early', () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.1, windowMs: 10_000 });
    budget.tryWithdraw(9499); // in the step from 9000 to 9500
    budget.reconfigure({ ratio: 0, minPerSecond: 1, windowMs: 1000 }, 10_000);
    expect(budget.available(10_499)).toBe(false);
    expect(budget.available(10_550)).toBe(true);
  });

  it('leaves behind what a shorter window does not reach', () => {
    const budget = withRequests(10, FIFTH, 0);
    for (let i = 0; i < 5; i++) budget.deposit(9900);
    budget.reconfigure({ ...FIFTH, windowMs: 1000 }, 10_000);
    expect(budget.remaining(10_000)).toBe(1);
  });

  it.each([0, -1, Number.NaN])('refuses a window of %d ms, names it and stays as it was', (windowMs) => {
    const message = `retry.budget.window is ${windowMs} ms: set a time above 0`;
    expect(() => new RetryBudget({ ...FIFTH, windowMs })).toThrow(new RangeError(message));
    const budget = withRequests(5);
    expect(() => budget.reconfigure({ ...FIFTH, windowMs }, 0)).toThrow(RangeError);
    expect(budget.remaining(0)).toBe(1);
  });
});

type Step =
  | { readonly kind: 'deposit' | 'withdraw' }
  | { readonly kind: 'refund'; readonly back: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'rate'; readonly ratio: number; readonly minPerSecond: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'deposit' as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'withdraw' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refund' as const), back: fc.nat({ max: 3 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(-300, 1, 49, 50, 51, 500, 1000, 1051),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rate' as const),
      ratio: fc.constantFrom(0, 0.2, 0.5, 1),
      minPerSecond: fc.constantFrom(0, 0.5, 3),
    }),
  },
);

/** `expect` is slow where it is asked a hundred thousand times. */
function same<T>(actual: T, expected: T): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

describe('the budget beside a list', () => {
  it('agrees with counting the list of all requests and retries, at every step', () => {
    const stepMs = 50; // a twentieth of the window
    let granted = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
        let policy: BudgetPolicy = { ratio: 0.5, minPerSecond: 0, windowMs: 1000 };
        const budget = new RetryBudget(policy);
        const requests: number[] = [];
        let retries: number[] = [];
        let clock = 10_000;
        let now = Number.NEGATIVE_INFINITY;
        const inside = (times: number[]): number =>
          times.filter((at) => Math.floor(now / stepMs) - Math.floor(at / stepMs) <= 20).length;
        const left = (): number =>
          Math.max(0, Math.floor(policy.ratio * inside(requests) + policy.minPerSecond - inside(retries) + 1e-9));
        for (const step of steps) {
          if (step.kind === 'wait') clock += step.ms;
          now = Math.max(now, clock);
          same(budget.remaining(clock), left());
          if (step.kind === 'deposit') {
            budget.deposit(clock);
            requests.push(now);
          } else if (step.kind === 'withdraw') {
            const may = left() >= 1;
            same(budget.tryWithdraw(clock), may);
            if (may) retries.push(now);
            if (may) granted += 1;
            else refused += 1;
          } else if (step.kind === 'refund') {
            const at = retries.at(-1 - step.back);
            if (at === undefined) continue;
            budget.refund(clock, at);
            const index = retries.lastIndexOf(at);
            retries = retries.filter((_, i) => i !== index);
          } else if (step.kind === 'rate') {
            policy = { ...policy, ratio: step.ratio, minPerSecond: step.minPerSecond };
            budget.reconfigure(policy, clock);
          }
          same(budget.remaining(clock), left());
          same(budget.available(clock), left() >= 1);
        }
      }),
      { numRuns: 1000 },
    );
    expect(granted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  }, 60_000);
});
