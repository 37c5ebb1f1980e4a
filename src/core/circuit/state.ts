// What a circuit shows of itself: its state for those who look, and each change of it for those who count.

import type { AnswerReason, CircuitState, Mode, TransitionReason } from '../reasons.js';

/** The figures of the window at one moment. */
export interface CircuitFigures {
  /** Results in the window. */
  readonly requests: number;
  readonly failures: number;
  /** 0 to 1; 0 where the window is empty. */
  readonly failureRatio: number;
  readonly slowRatio: number;
  readonly consecutiveFailures: number;
}

/** Whose circuit it is. */
export interface CircuitName {
  readonly cluster: string;
  /** null: the cluster's own. */
  readonly target: string | null;
}

export interface Transition extends CircuitFigures, CircuitName {
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly reason: TransitionReason;
  /** Milliseconds on the injected monotonic clock. */
  readonly atMs: number;
  /** When the next probe may go; null unless `to` is open. */
  readonly retryAtMs: number | null;
}

export interface CircuitSnapshot extends CircuitFigures, CircuitName {
  readonly state: CircuitState;
  readonly mode: Mode;
  readonly openedAtMs: number | null;
  readonly retryAtMs: number | null;
  /** Of the last transition; null before the first. */
  readonly reason: TransitionReason | null;
  /** The newest last; at most 20. */
  readonly transitions: readonly Transition[];
}

/**
 * The right to send one request, given by `acquire`. A permit reports its results against the generation it was
 * given in; a circuit that has moved on since drops them.
 */
export interface Permit {
  readonly generation: number;
  /** One of the bounded number that a half-open circuit lets out; held under a lease. */
  readonly probe: boolean;
}

export type Admission =
  | {
      readonly admitted: true;
      readonly permit: Permit /** In shadow mode: why it would have been refused. */;
      readonly wouldRefuse: AnswerReason | null;
    }
  | {
      readonly admitted: false;
      readonly reason: AnswerReason /** When it is worth asking again. */;
      readonly retryAtMs: number;
    };

/** One result, as the circuit sees it. */
export interface CircuitResult {
  readonly outcome: 'success' | 'failure' | 'ignored';
  /** Took at least `slow.afterMs` to its response headers. */
  readonly slow: boolean;
  /** false for 429 and RESOURCE_EXHAUSTED: they count in the ratio, never in the streak. */
  readonly inStreak: boolean;
  /** The server's own wish; 0: none. May lengthen an open period, never past `open.maxMs`. */
  readonly retryAfterMs: number;
}
