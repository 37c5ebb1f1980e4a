// The circuit's states, each with the data that only it has: what a state does not have cannot be left over from the
// one before.

import type { CircuitState } from '../reasons.js';
import type { Probes } from './probes.js';

export type Phase =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly openedAtMs: number; readonly retryAtMs: number }
  | { readonly kind: 'half_open'; readonly openedAtMs: number; readonly probes: Probes }
  | { readonly kind: 'recovering'; readonly sinceMs: number }
  | { readonly kind: 'forced_open'; readonly openedAtMs: number }
  | { readonly kind: 'disabled' };

export const CLOSED: Phase = { kind: 'closed' };
const DISABLED: Phase = { kind: 'disabled' };

/** What a hand may do to a circuit; `auto` gives it back to the evidence, closed and with nothing held against it. */
export type ForcedState = 'forced_open' | 'disabled' | 'auto';

export function forcedPhase(state: ForcedState, now: number): Phase {
  switch (state) {
    case 'forced_open':
      return { kind: 'forced_open', openedAtMs: now };
    case 'disabled':
      return DISABLED;
    case 'auto':
      return CLOSED;
  }
}

/**
 * The state as one who looks at `now` sees it. Changes by time are made only when a request or a result comes; until
 * then an open circuit whose time is over is shown as half_open (the next request will be its probe), and a ramp
 * that is over as closed. Looking changes nothing: no probe is handed out, no transition is told.
 */
export function shownState(phase: Phase, rampMs: number, now: number): CircuitState {
  if (phase.kind === 'open' && now >= phase.retryAtMs) return 'half_open';
  if (phase.kind === 'recovering' && now - phase.sinceMs >= rampMs) return 'closed';
  return phase.kind;
}

/** Does everybody get through in that state, or at least a share of everybody? */
export function admitsWithoutProbe(state: CircuitState): boolean {
  switch (state) {
    case 'closed':
    case 'recovering':
    case 'disabled':
      return true;
    case 'open':
    case 'half_open':
    case 'forced_open':
      return false;
  }
}

/** When it opened, for the states in which it has not let everyone through since; null for the others. */
export function openedAtMs(phase: Phase): number | null {
  return 'openedAtMs' in phase ? phase.openedAtMs : null;
}

/** For the end of an exhaustive switch: a state added to the union and forgotten there fails to compile. */
export function unknownState(state: never): never {
  throw new Error(`unknown circuit state: ${JSON.stringify(state)}`);
}
