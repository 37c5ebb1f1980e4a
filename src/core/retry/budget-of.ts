// One retry budget per circuit: it is made, found and forgotten with it, and so it hangs on it.

import type { Circuit } from '../circuit/breaker.js';
import type { BudgetPolicy } from '../policy.js';
import { RetryBudget } from './budget.js';

/** Made where there is none yet. A known one follows the policy it is asked for with, so that a reload needs no visit to every one. */
export function budgetOf(circuit: Circuit, policy: BudgetPolicy, now: number): RetryBudget {
  if (circuit.budget === null) circuit.budget = new RetryBudget(policy);
  else circuit.budget.reconfigure(policy, now);
  return circuit.budget;
}
