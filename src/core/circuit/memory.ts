// What a circuit takes along into the next process. A sidecar that is updated while an upstream is down must not learn
// it all over again at the cost of requests.
//
// - Every time is relative to the moment of remembering, in milliseconds: negative is before it. The clock of the next
//   process starts elsewhere; whoever recalls says where that moment lies on the new clock.
// - Permits and probes are not taken along: whoever held them is gone. A half-open circuit has all of its probes again.
// - Nothing here is trusted to be recent, or to come from the same policy: what is recalled lies in the past, except the
//   end of an open time, and that is no later than the policy in force could have set it.

import type { CircuitPolicy } from '../policy.js';
import type { Circuit } from './breaker.js';
import type { History } from './history.js';
import type { OpenTime } from './open-time.js';
import { CLOSED, type Phase } from './phase.js';
import { Probes } from './probes.js';
import type { CircuitFigures, CircuitName, Transition } from './state.js';
import type { Tally } from './tally.js';

export type PhaseMemory =
  | { readonly kind: 'closed' | 'disabled' }
  | { readonly kind: 'open'; readonly openedAtMs: number; readonly retryAtMs: number }
  | { readonly kind: 'half_open' | 'forced_open'; readonly openedAtMs: number }
  | { readonly kind: 'recovering'; readonly sinceMs: number };

export interface OpenTimeMemory {
  readonly level: number;
  readonly lastOpenMs: number;
  readonly closedAtMs: number;
}

/** The newest results, the oldest first; both lists are equally long. */
export interface ResultsMemory {
  readonly atMs: readonly number[];
  /** As in window.ts: 1 failed, 2 slow, 3 both. */
  readonly flags: readonly number[];
}

export interface TallyMemory {
  readonly results: ResultsMemory;
  readonly consecutiveFailures: number;
  /** null: the server did not ask to be left alone. */
  readonly askedUntilMs: number | null;
}

/** One transition, without the name of its circuit. */
export interface TransitionMemory extends CircuitFigures, Pick<Transition, 'from' | 'to' | 'reason'> {
  readonly atMs: number;
  readonly retryAtMs: number | null;
}

export interface CircuitMemory {
  readonly phase: PhaseMemory;
  readonly openTime: OpenTimeMemory;
  readonly tally: TallyMemory;
  /** The newest last. */
  readonly transitions: readonly TransitionMemory[];
}

/** How much of what grows is remembered. */
export interface MemoryLimits {
  readonly results: number;
  readonly transitions: number;
}

/** Nothing that a new circuit would not know as well. */
export function isBlank({ phase, openTime, tally, transitions }: CircuitMemory): boolean {
  return (
    phase.kind === 'closed' &&
    openTime.lastOpenMs === 0 &&
    tally.results.atMs.length === 0 &&
    tally.consecutiveFailures === 0 &&
    tally.askedUntilMs === null &&
    transitions.length === 0
  );
}

/** What a circuit is made of, beside its phase. */
interface Parts {
  readonly openTime: OpenTime;
  readonly tally: Tally;
  readonly history: History;
}

export function remember(phase: Phase, parts: Parts, limits: MemoryLimits, origin: number): CircuitMemory {
  return {
    phase: rememberPhase(phase, origin),
    openTime: parts.openTime.remember(origin),
    tally: parts.tally.remember(limits.results, origin),
    transitions: parts.history.remember(limits.transitions, origin),
  };
}

/**
 * @param parts of a new circuit.
 * @param origin the moment of remembering, on the clock of `now`.
 * @returns the phase that it goes on in.
 */
export function recall(
  memory: CircuitMemory,
  policy: CircuitPolicy,
  { openTime, tally, history }: Parts,
  circuit: Pick<Circuit, 'name' | 'target'>,
  origin: number,
  now: number,
): Phase {
  history.recall(memory.transitions, { cluster: circuit.name, target: circuit.target }, origin);
  // One that is off has no state: it may have been switched off while nobody ran.
  if (policy.mode === 'off') return CLOSED;
  openTime.recall(memory.openTime, origin, now);
  tally.recall(memory.tally, origin, now);
  return recallPhase(memory.phase, policy, origin, now);
}

function rememberPhase(phase: Phase, origin: number): PhaseMemory {
  switch (phase.kind) {
    case 'closed':
    case 'disabled':
      return { kind: phase.kind };
    case 'open':
      return { kind: 'open', openedAtMs: phase.openedAtMs - origin, retryAtMs: phase.retryAtMs - origin };
    case 'half_open':
    case 'forced_open':
      return { kind: phase.kind, openedAtMs: phase.openedAtMs - origin };
    case 'recovering':
      return { kind: 'recovering', sinceMs: phase.sinceMs - origin };
  }
}

function recallPhase(memory: PhaseMemory, policy: CircuitPolicy, origin: number, now: number): Phase {
  const past = (relativeMs: number) => Math.min(origin + relativeMs, now);
  switch (memory.kind) {
    case 'closed':
    case 'disabled':
      return { kind: memory.kind };
    case 'open': {
      const retryAtMs = Math.min(origin + memory.retryAtMs, now + policy.open.maxMs);
      return { kind: 'open', openedAtMs: past(memory.openedAtMs), retryAtMs };
    }
    case 'half_open':
      return { kind: 'half_open', openedAtMs: past(memory.openedAtMs), probes: new Probes() };
    case 'forced_open':
      return { kind: 'forced_open', openedAtMs: past(memory.openedAtMs) };
    case 'recovering':
      return { kind: 'recovering', sinceMs: past(memory.sinceMs) };
  }
}

export function rememberTransition(transition: Transition, origin: number): TransitionMemory {
  const { cluster: _cluster, target: _target, atMs, retryAtMs, ...rest } = transition;
  return { ...rest, atMs: atMs - origin, retryAtMs: retryAtMs === null ? null : retryAtMs - origin };
}

export function recallTransition(
  memory: TransitionMemory,
  { cluster, target }: CircuitName,
  origin: number,
): Transition {
  const { atMs, retryAtMs, ...rest } = memory;
  return { cluster, target, ...rest, atMs: origin + atMs, retryAtMs: retryAtMs === null ? null : origin + retryAtMs };
}
