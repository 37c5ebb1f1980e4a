// What every decision has at hand: the policy in force, the state per cluster, the open sessions, and those who
// watch. One object, made once, so that decisions are plain functions of it, their input and `now`.

import type { Circuit } from './circuit/breaker.js';
import type { CircuitRegistry } from './circuit/registry.js';
import type { Observer } from './observer.js';
import type { BudgetPolicy, PolicyResolver } from './policy.js';
import { type BudgetMemory, RetryBudget } from './retry/budget.js';
import type { SessionLimits, Sessions } from './sessions.js';
import type { FixedRoutes } from './steering.js';

export interface Context {
  policy: PolicyResolver;
  readonly circuits: CircuitRegistry;
  readonly budgets: Budgets;
  readonly sessions: Sessions;
  readonly limits: SessionLimits;
  readonly fixedRoutes: FixedRoutes;
  readonly observer: Observer;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  /** A new request id: unguessable, safe in a header. */
  readonly newId: () => string;
  /** A log entry has come since a log stream ended last: there is a trace to wait for. */
  traceSeen: boolean;
  /** A log entry has come at least once: what is missing of the trace is missed. */
  traceExpected: boolean;
}

/** One retry budget per circuit: it is made, found and forgotten with it. */
export class Budgets {
  readonly #byCircuit = new WeakMap<Circuit, RetryBudget>();

  /** A known budget follows the policy it is asked for with, so that a reload needs no visit to every one. */
  of(circuit: Circuit, policy: BudgetPolicy, now: number): RetryBudget {
    const known = this.#byCircuit.get(circuit);
    if (known !== undefined) {
      known.reconfigure(policy, now);
      return known;
    }
    const budget = new RetryBudget(policy);
    this.#byCircuit.set(circuit, budget);
    return budget;
  }

  /** As it was remembered at `origin`; for a circuit that has none yet. */
  recall(circuit: Circuit, policy: BudgetPolicy, memory: BudgetMemory, origin: number, now: number): void {
    this.of(circuit, policy, now).recall(memory, origin, now);
  }

  /** undefined where the cluster never was granted a retry. */
  find(circuit: Circuit): RetryBudget | undefined {
    return this.#byCircuit.get(circuit);
  }
}
