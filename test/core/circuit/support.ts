// What every test of circuits needs: a policy to vary, results to report, and a bench that holds a circuit with its
// clock, its randomness and the transitions it told.

import { Circuit } from '../../../src/core/circuit/breaker.js';
import type { Admission, CircuitResult, Permit, Transition } from '../../../src/core/circuit/state.js';
import type { CircuitPolicy } from '../../../src/core/policy.js';

/** Ratio 0.5 of at least 4; opens for a second; one probe closes; no jitter, no ramp, nothing else on. */
export const POLICY: CircuitPolicy = {
  mode: 'enforce',
  window: { requests: 10, durationMs: 60_000 },
  failureRatio: 0.5,
  minimumRequests: 4,
  consecutiveFailures: 0,
  failureStatuses: new Set([429, 500, 502, 503, 504]),
  failureGrpcStatuses: new Set([14]),
  slow: { afterMs: 0, ratio: 0.5 },
  open: { baseMs: 1000, maxMs: 60_000, jitter: 0 },
  halfOpen: { probes: 1, successes: 1, leaseMs: 30_000 },
  rampMs: 0,
};

export function policy(changes: Partial<CircuitPolicy> = {}): CircuitPolicy {
  return { ...POLICY, ...changes };
}

export const OK: CircuitResult = { outcome: 'success', slow: false, inStreak: true, retryAfterMs: 0 };
export const FAIL: CircuitResult = { ...OK, outcome: 'failure' };
export const SLOW: CircuitResult = { ...OK, slow: true };
export const IGNORED: CircuitResult = { ...OK, outcome: 'ignored' };
/** 429 or RESOURCE_EXHAUSTED. */
export const OVERLOADED: CircuitResult = { ...FAIL, inStreak: false };

export function failAskingFor(retryAfterMs: number): CircuitResult {
  return { ...FAIL, retryAfterMs };
}

export class Bench {
  now = 1_000_000;
  /** What the injected randomness answers, until changed. */
  chance = 0;
  readonly told: Transition[] = [];
  readonly circuit: Circuit;

  constructor(changes: Partial<CircuitPolicy> = {}) {
    this.circuit = new Circuit(
      'a',
      policy(changes),
      (transition) => this.told.push(transition),
      () => this.chance,
    );
  }

  wait(ms: number): this {
    this.now += ms;
    return this;
  }

  get state(): string {
    return this.circuit.state(this.now);
  }

  acquire(): Admission {
    return this.circuit.acquire(this.now);
  }

  /** The permit of a request that must be admitted. */
  permit(): Permit {
    const admission = this.acquire();
    if (!admission.admitted) throw new Error(`refused: ${admission.reason}`);
    return admission.permit;
  }

  report(permit: Permit, ...results: CircuitResult[]): this {
    for (const result of results) this.circuit.report(permit, result, this.now);
    return this;
  }

  /** One admitted request per result, each answered at once. */
  run(...results: CircuitResult[]): this {
    for (const result of results) this.report(this.permit(), result);
    return this;
  }

  /** Opens a closed circuit under a policy with POLICY's ratio and minimum. */
  open(): this {
    return this.run(FAIL, FAIL, FAIL, FAIL);
  }

  get retryAtMs(): number {
    const { retryAtMs } = this.circuit.snapshot(this.now);
    if (retryAtMs === null) throw new Error(`not open but ${this.state}`);
    return retryAtMs;
  }

  /** How long an open circuit stays so from now. */
  get opensForMs(): number {
    return this.retryAtMs - this.now;
  }

  /** Lets the open time pass. */
  waitOpen(): this {
    return this.wait(this.opensForMs);
  }

  get path(): string[] {
    return this.told.map((transition) => `${transition.from} > ${transition.to}: ${transition.reason}`);
  }
}
