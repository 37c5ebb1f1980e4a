// What all circuits and budgets take along into the next process, and what that one takes of it: another policy may be in
// force by then, so names, caps and limits are asked for anew.

import { type CircuitMemory, isBlank, type MemoryLimits } from './circuit/memory.js';
import type { CircuitName } from './circuit/state.js';
import type { Context } from './context.js';
import type { BudgetMemory } from './retry/budget.js';
import { budgetOf } from './retry/budget-of.js';
import { renamed } from './targets.js';

type Known = Pick<Context, 'policy' | 'circuits'>;

export interface Remembered extends CircuitName {
  readonly circuit: CircuitMemory;
  /** null: it has none, or nothing is counted in it. */
  readonly budget: BudgetMemory | null;
}

export interface Recalled {
  readonly circuits: number;
  /** Left out: no room for it, or the policy does not split its cluster (any more), or not into so many targets. */
  readonly leftOut: number;
}

export function* rememberAll({ circuits }: Known, limits: MemoryLimits, now: number): Generator<Remembered> {
  for (const circuit of circuits.circuits()) {
    const memory = circuit.remember(limits, now);
    const counted = circuit.budget?.remember(now) ?? null;
    const budget = counted === null || counted.endsMs.length === 0 ? null : counted;
    if (budget === null && isBlank(memory)) continue;
    yield { cluster: circuit.name, target: circuit.target, circuit: memory, budget };
  }
}

/** Where there is not room for all of them, those that are not closed come first. */
export function recallAll(known: Known, memories: readonly Remembered[], origin: number, now: number): Recalled {
  let circuits = 0;
  for (const closed of [false, true]) {
    for (const memory of memories) {
      if ((memory.circuit.phase.kind === 'closed') === closed && recallOne(known, memory, origin, now)) circuits++;
    }
  }
  return { circuits, leftOut: memories.length - circuits };
}

function recallOne({ policy, circuits }: Known, memory: Remembered, origin: number, now: number): boolean {
  const { cluster, target, budget } = memory;
  if (renamed({ policy, circuits }, cluster, target) !== target) return false;
  const circuit = circuits.recall(memory, memory.circuit, origin, now);
  if (circuit === null) return false;
  if (budget !== null) {
    budgetOf(circuit, policy.forTarget(cluster, target, '').retry.budget, now).recall(budget, origin, now);
  }
  return true;
}
