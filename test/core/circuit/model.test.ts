// Random histories of a circuit, with results that come late, twice or never, a clock that steps back, reloads and
// hands that interfere, and restarts from memory: the fast circuit must say what the slow model says, at every step, and keep its promises.
// Seeds are fast-check's own, new in each run; a failure prints the seed and the shortest history that shows it.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Circuit } from '../../../src/core/circuit/breaker.js';
import type { CircuitMemory } from '../../../src/core/circuit/memory.js';
import type { CircuitResult, Permit, Transition } from '../../../src/core/circuit/state.js';
import type { CircuitPolicy } from '../../../src/core/policy.js';
import { TRANSITION_REASONS } from '../../../src/core/reasons.js';
import { ModelCircuit, type ModelPermit } from './model.js';
import { policy } from './support.js';

type Step =
  | { readonly kind: 'request'; readonly result: CircuitResult }
  | { readonly kind: 'acquire' | 'passive' }
  | { readonly kind: 'report'; readonly back: number; readonly result: CircuitResult }
  | { readonly kind: 'release'; readonly back: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reconfigure'; readonly policy: CircuitPolicy }
  | { readonly kind: 'restart'; readonly downMs: number; readonly shiftMs: number }
  | { readonly kind: 'force'; readonly to: 'forced_open' | 'disabled' | 'auto' };

const anyResult: fc.Arbitrary<CircuitResult> = fc.record({
  outcome: fc.oneof(
    { weight: 5, arbitrary: fc.constant('failure' as const) },
    { weight: 4, arbitrary: fc.constant('success' as const) },
    { weight: 1, arbitrary: fc.constant('ignored' as const) },
  ),
  slow: fc.boolean(),
  inStreak: fc.boolean(),
  retryAfterMs: fc.constantFrom(0, 0, 0, 150, 100_000),
});

function anyPolicy(modes: readonly CircuitPolicy['mode'][]): fc.Arbitrary<CircuitPolicy> {
  return fc
    .record({
      mode: fc.constantFrom(...modes),
      window: fc.record({ requests: fc.integer({ min: 1, max: 8 }), durationMs: fc.constantFrom(100, 300) }),
      failureRatio: fc.constantFrom(0, 0.5, 0.75, 1),
      minimumRequests: fc.integer({ min: 1, max: 10 }),
      consecutiveFailures: fc.integer({ min: 0, max: 4 }),
      slow: fc.record({ afterMs: fc.constantFrom(0, 50), ratio: fc.constantFrom(0, 0.5, 1) }),
      open: fc.record({
        baseMs: fc.constantFrom(50, 100),
        maxMs: fc.constantFrom(100, 400),
        jitter: fc.constantFrom(0, 0.5, 1),
      }),
      halfOpen: fc.record({
        probes: fc.integer({ min: 1, max: 3 }),
        successes: fc.integer({ min: 1, max: 3 }),
        leaseMs: fc.constantFrom(50, 200),
      }),
      rampMs: fc.constantFrom(0, 100),
    })
    .map((changes) => policy(changes));
}

const back = fc.nat({ max: 9 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ kind: fc.constant('request' as const), result: anyResult }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('acquire' as const, 'acquire' as const, 'passive' as const) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('report' as const), back, result: anyResult }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), back }) },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(-500, -1, 1, 10, 49, 50, 51, 99, 100, 101, 200, 300, 301, 1000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reconfigure' as const),
      policy: anyPolicy(['enforce', 'enforce', 'enforce', 'shadow', 'shadow', 'off']),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      downMs: fc.constantFrom(0, 1, 50, 100, 300, 1000),
      shiftMs: fc.integer({ min: -20_000, max: 20_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('force' as const),
      to: fc.constantFrom('forced_open' as const, 'disabled' as const, 'auto' as const, 'auto' as const),
    }),
  },
);

/** Every change a circuit may make. */
const LEGAL = new Set([
  'closed > open: consecutive_failures',
  'closed > open: failure_ratio',
  'closed > open: slow_ratio',
  'open > half_open: open_time_over',
  'half_open > open: probe_failed',
  'half_open > closed: probes_succeeded',
  'half_open > recovering: probes_succeeded',
  'recovering > open: ramp_failed',
  'recovering > closed: ramp_over',
  ...['closed', 'open', 'half_open', 'recovering', 'disabled'].map((from) => `${from} > forced_open: operator`),
  ...['closed', 'open', 'half_open', 'recovering', 'forced_open'].map((from) => `${from} > disabled: operator`),
  ...['forced_open', 'disabled'].map((from) => `${from} > closed: operator`),
  ...['open', 'half_open', 'recovering', 'forced_open', 'disabled'].map((from) => `${from} > closed: policy`),
]);

/** The same numbers for both, drawn independently: a draw too many on one side shows. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** `expect` explains best, but is slow: ask it only where there is something to explain. */
function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

interface Held {
  readonly fast: Permit;
  readonly slow: ModelPermit;
}

class Pair {
  readonly told: Transition[] = [];
  circuit: Circuit;
  readonly model: ModelCircuit;
  held: Held[] = [];
  clock = 5000;
  /** How far the circuit's own clock, that of its process, is ahead of the model's. */
  shiftMs = 0;
  private readonly random: () => number;
  policy: CircuitPolicy;

  constructor(first: CircuitPolicy, seed: number) {
    this.policy = first;
    this.random = seeded(seed);
    this.circuit = this.newCircuit();
    this.model = new ModelCircuit(first, seeded(seed));
    this.see();
  }

  private newCircuit(): Circuit {
    return new Circuit('a', this.policy, (transition) => this.told.push(transition), this.random);
  }

  /** On the clock of the circuit. */
  get now(): number {
    return this.clock + this.shiftMs;
  }

  take(step: Step): void {
    switch (step.kind) {
      case 'wait':
        this.clock += step.ms;
        return this.see();
      case 'request': {
        const held = this.acquire();
        if (held !== null) this.report(held, step.result);
        return;
      }
      case 'acquire': {
        this.acquire();
        return;
      }
      case 'passive':
        return this.passive();
      case 'report':
        return this.report(this.held.at(-1 - step.back), step.result);
      case 'release':
        return this.release(this.held.at(-1 - step.back));
      case 'reconfigure':
        this.policy = step.policy;
        this.circuit.reconfigure(step.policy, this.now);
        return this.model.reconfigure(step.policy);
      case 'restart':
        return this.restart(step.downMs, step.shiftMs);
      case 'force':
        expect(this.circuit.force(step.to, this.now)).toBe(this.model.force(step.to));
    }
  }

  /** By way of text, as through a file. */
  private restart(downMs: number, shiftMs: number): void {
    this.clock = this.model.now;
    const text = JSON.stringify(this.circuit.remember({ results: 8, transitions: 20 }, this.now));
    this.shiftMs += shiftMs;
    this.circuit = this.newCircuit();
    this.circuit.recall(JSON.parse(text) as CircuitMemory, this.now, this.now + downMs);
    this.clock += downMs;
    this.held = [];
    this.model.restart(downMs);
  }

  /** Both see the clock: looking, too, is seeing the time. */
  private see(): void {
    this.circuit.state(this.now);
    this.model.tick(this.clock);
  }

  acquire(): Held | null {
    const fast = this.circuit.acquire(this.now);
    const slow = this.model.acquire();
    if (!fast.admitted) {
      const retryAtMs = fast.retryAtMs - this.shiftMs;
      same({ permit: null, reason: fast.reason, retryAtMs }, slow);
      this.checkRefusal(fast.reason, retryAtMs);
      return null;
    }
    same(
      { probe: fast.permit.probe, wouldRefuse: fast.wouldRefuse },
      { probe: slow.permit?.probe, wouldRefuse: slow.reason },
    );
    if (slow.permit === null) throw new Error('unreachable: compared above');
    if (fast.permit.probe) same(this.model.probesOut() <= this.policy.halfOpen.probes, true);
    const held = { fast: fast.permit, slow: slow.permit };
    this.held.push(held);
    return held;
  }

  /** No refusal holds for longer than what it is for may last. */
  private checkRefusal(reason: string, retryAtMs: number): void {
    expect(this.policy.mode).toBe('enforce');
    if (reason === 'probe_limit') expect(retryAtMs - this.model.now).toBeLessThanOrEqual(this.policy.halfOpen.leaseMs);
    if (reason === 'circuit_open') expect(retryAtMs - this.model.now).toBeLessThanOrEqual(400);
  }

  private passive(): void {
    const fast = this.circuit.passive(this.now);
    const slow = this.model.passive();
    same(fast === null, slow === null);
    if (fast === null || slow === null) return;
    same(fast.probe, false);
    this.held.push({ fast, slow });
  }

  private report(held: Held | undefined, result: CircuitResult): void {
    if (held === undefined) return;
    const before = this.circuit.snapshot(this.now);
    const old = held.fast.generation !== this.circuit.generation;
    this.circuit.report(held.fast, result, this.now);
    this.model.report(held.slow, result);
    if (old || result.outcome === 'ignored') same(this.circuit.snapshot(this.now), before);
  }

  private release(held: Held | undefined): void {
    if (held === undefined) return;
    this.circuit.release(held.fast, this.now);
    this.model.release(held.slow);
  }

  private shifted(atMs: number | null): number | null {
    return atMs === null ? null : atMs + this.shiftMs;
  }

  compare(): void {
    const { model, policy: current } = this;
    const snapshot = this.circuit.snapshot(this.now);
    const state = model.shown();
    same(snapshot, {
      cluster: 'a',
      target: null,
      state,
      mode: current.mode,
      ...model.figures(),
      openedAtMs: this.shifted(model.openedAt),
      retryAtMs: state === 'open' ? this.shifted(model.retryAt) : null,
      reason: model.transitions.at(-1)?.reason ?? null,
      transitions: model.transitions.slice(-20).map((transition) => ({
        cluster: 'a',
        target: null,
        ...transition,
        atMs: transition.atMs + this.shiftMs,
        retryAtMs: this.shifted(transition.retryAtMs),
      })),
    });
    same(this.told.length, model.transitions.length);
    same(snapshot.requests <= current.window.requests, true);
  }
}

const RUNS = 1500;

describe('the circuit beside its model', () => {
  it('agrees at every step of any history, and keeps to the legal transitions', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(
        anyPolicy(['enforce', 'enforce', 'enforce', 'shadow']),
        fc.integer(),
        fc.array(anyStep, { minLength: 1, maxLength: 80, size: 'max' }),
        (first, seed, steps) => {
          const pair = new Pair(first, seed);
          for (const step of steps) {
            pair.take(step);
            pair.compare();
          }
          for (const { from, to, reason } of pair.told) {
            const name = `${from} > ${to}: ${reason}`;
            if (!LEGAL.has(name)) throw new Error(`not a legal transition: ${name}`);
            seen.set(name, (seen.get(name) ?? 0) + 1);
          }
        },
      ),
      { numRuns: RUNS },
    );
    // A property that never gets anywhere proves nothing: each reason must have come up.
    const reasons = new Set([...seen.keys()].map((name) => name.split(': ')[1]));
    expect([...reasons].sort()).toEqual([...TRANSITION_REASONS].sort());
  }, 60_000);

  it('lets somebody through again after any history, once its times are over', () => {
    fc.assert(
      fc.property(
        anyPolicy(['enforce']),
        fc.integer(),
        fc.array(anyStep, { maxLength: 60, size: 'max' }),
        (first, seed, steps) => {
          const pair = new Pair(first, seed);
          for (const step of steps) pair.take(step);
          if (pair.model.state === 'forced_open') pair.take({ kind: 'force', to: 'auto' });
          // Longer than any step back of the clock, open time, lease and ramp together.
          pair.take({ kind: 'wait', ms: 500 * steps.length + 2000 });
          expect(pair.circuit.acquire(pair.now).admitted).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  }, 60_000);
});
