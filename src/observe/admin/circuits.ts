// Circuits as the admin server shows them: the core's snapshots with times of the wall clock.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Circuit } from '../../core/circuit/breaker.js';
import type { CircuitSnapshot, Transition } from '../../core/circuit/state.js';

type ToIso = (monotonicMs: number) => string;

/** One entry of /circuits. Names are given as they are: they are the keys of /circuits/{cluster}?target=. */
export function circuitJson(circuit: CircuitSnapshot, toIso: ToIso) {
  return {
    cluster: circuit.cluster,
    target: circuit.target,
    state: circuit.state,
    mode: circuit.mode,
    requests: circuit.requests,
    failures: circuit.failures,
    failureRatio: circuit.failureRatio,
    openedAt: isoOrNull(circuit.openedAtMs, toIso),
    retryAt: isoOrNull(circuit.retryAtMs, toIso),
    reason: circuit.reason,
  };
}

/** Written in one turn of the event loop: some hundred microseconds. */
const SLICE = 100;

/**
 * The text of /circuits, piece by piece: ten thousand circuits in one go would hold up every request for some hundredths of a
 * second. Between two pieces the traffic has its turn, so each circuit is as it was when its piece was made.
 */
export async function* allCircuits(
  circuits: Iterable<Pick<Circuit, 'snapshot'>>,
  now: () => number,
  toIso: ToIso,
): AsyncGenerator<string> {
  let text = '{"circuits":[';
  let count = 0;
  for (const circuit of circuits) {
    text += `${count === 0 ? '' : ','}${JSON.stringify(circuitJson(circuit.snapshot(now()), toIso))}`;
    if (++count % SLICE !== 0) continue;
    yield text;
    text = '';
    await nextTurn();
  }
  yield `${text}]}`;
}

/** /circuits/{cluster}: the same, with what takes room. Transitions newest last; targets only where there are any. */
export function circuitDetailJson(
  circuit: CircuitSnapshot,
  budgetRemaining: number | null,
  targets: readonly CircuitSnapshot[],
  toIso: ToIso,
) {
  return {
    ...circuitJson(circuit, toIso),
    consecutiveFailures: circuit.consecutiveFailures,
    slowRatio: circuit.slowRatio,
    budgetRemaining,
    transitions: circuit.transitions.map((transition) => transitionJson(transition, toIso)),
    ...(targets.length === 0 ? {} : { targets: targets.map((target) => circuitJson(target, toIso)) }),
  };
}

function transitionJson(transition: Transition, toIso: ToIso) {
  return {
    at: toIso(transition.atMs),
    from: transition.from,
    to: transition.to,
    reason: transition.reason,
    requests: transition.requests,
    failures: transition.failures,
    failureRatio: transition.failureRatio,
    slowRatio: transition.slowRatio,
    consecutiveFailures: transition.consecutiveFailures,
    retryAt: isoOrNull(transition.retryAtMs, toIso),
  };
}

function isoOrNull(monotonicMs: number | null, toIso: ToIso): string | null {
  return monotonicMs === null ? null : toIso(monotonicMs);
}
