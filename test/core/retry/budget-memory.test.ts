import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BudgetMemory, RetryBudget } from '../../../src/core/retry/budget.js';

const POLICY = { ratio: 0.5, minPerSecond: 0, windowMs: 2000 };
const STEP_MS = POLICY.windowMs / 20;

function next(memory: BudgetMemory, origin: number, now: number, policy = POLICY): RetryBudget {
  const budget = new RetryBudget(policy);
  budget.recall(memory, origin, now);
  return budget;
}

function deposited(requests: number, now: number): RetryBudget {
  const budget = new RetryBudget(POLICY);
  for (let i = 0; i < requests; i++) budget.deposit(now);
  return budget;
}

describe('a budget that goes on in the next process', () => {
  it('has what was left, and what was spent stays spent', () => {
    const budget = deposited(10, 5000);
    for (let i = 0; i < 4; i++) budget.tryWithdraw(5000);
    expect(next(budget.remember(5000), -300, 100).remaining(100)).toBe(1);
  });

  it('forgets after a whole window, and not before, however the steps of both clocks lie', () => {
    const anyMs = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(anyMs, fc.nat(STEP_MS * 3), fc.integer({ min: -9000, max: 9000 }), (at, waited, origin) => {
        const memory = deposited(2, at).remember(at + waited);
        const madeAt = origin - waited;
        const left = (now: number) => next(memory, origin, Math.max(origin, now)).remaining(Math.max(origin, now));
        expect(left(madeAt + POLICY.windowMs)).toBe(1);
        expect(left(madeAt + POLICY.windowMs + 3 * STEP_MS)).toBe(0);
      }),
    );
  });

  it('is the same budget where the steps of both clocks lie alike', () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 700 }), what: fc.constantFrom('in', 'out', 'charge') });
    fc.assert(
      fc.property(fc.array(step), fc.array(step), fc.integer({ min: -30, max: 30 }), (before, after, steps) => {
        const budget = new RetryBudget(POLICY);
        let now = run(budget, before, 7000);
        const shift = steps * STEP_MS;
        const other = next(JSON.parse(JSON.stringify(budget.remember(now))) as BudgetMemory, now + shift, now + shift);
        for (const one of after) {
          run(other, [one], now + shift);
          now = run(budget, [one], now);
          expect(other.remaining(now + shift)).toBe(budget.remaining(now));
        }
      }),
    );
  });

  it('into a window of another length takes what still lies in it', () => {
    const budget = deposited(4, 5000);
    const memory = budget.remember(6000);
    expect(next(memory, 0, 0, { ...POLICY, windowMs: 4000 }).remaining(0)).toBe(2);
    expect(next(memory, 0, 0, { ...POLICY, windowMs: 500 }).remaining(0)).toBe(0);
  });

  it('counts what lies in the future as if it were now', () => {
    const memory = { endsMs: [1e9], requests: [4], retries: [0] };
    const budget = next(memory, 0, 0);
    expect([budget.remaining(0), budget.remaining(3000)]).toEqual([2, 0]);
  });

  it('remembers nothing where nothing was counted', () => {
    expect(new RetryBudget(POLICY).remember(5000)).toEqual({ endsMs: [], requests: [], retries: [] });
    expect(deposited(3, 5000).remember(50_000).endsMs).toEqual([]);
  });
});

function run(budget: RetryBudget, steps: readonly { wait: number; what: string }[], from: number): number {
  let now = from;
  for (const { wait, what } of steps) {
    now += wait;
    if (what === 'in') budget.deposit(now);
    else if (what === 'out') budget.tryWithdraw(now);
    else budget.charge(now);
  }
  return now;
}
