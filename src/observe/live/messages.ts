// What /events says, for those who read it: the page and `sluice top`. Types only, so that both sides, one of them in a
// browser, agree without loading each other.

import type { CircuitState, Mode, TransitionReason } from '../../core/reasons.js';
import type { RequestJson } from '../records/json.js';

/** An entry of /circuits with what a live view needs beside it. */
export interface LiveCircuit {
  /** Names are given as they are, for they are keys; make them `printable` before you show them. */
  readonly cluster: string;
  readonly target: string | null;
  readonly state: CircuitState;
  readonly mode: Mode;
  readonly requests: number;
  readonly failures: number;
  readonly failureRatio: number;
  /** ISO 8601, UTC; so are all times here. */
  readonly openedAt: string | null;
  readonly retryAt: string | null;
  readonly reason: TransitionReason | null;
  readonly consecutiveFailures: number;
  readonly slowRatio: number;
  /** Retries that are left, whole ones; null: no budget. */
  readonly budgetRemaining: number | null;
  /** The newest results of the window, the oldest first: `.` good, `s` good but slow, `x` failed. */
  readonly recent: string;
}

/** Event `snapshot`, the first of every stream, and again where changes were too many to tell one by one. */
export interface LiveSnapshot {
  /** The server's clock. */
  readonly now: string;
  readonly version: string;
  /** Circuits can be set by hand: a token is configured. */
  readonly writable: boolean;
  readonly circuits: readonly LiveCircuit[];
  /** Circuits there are beside those shown. */
  readonly more: number;
  /** Those asked for, where something happened; newest first. */
  readonly requests: readonly RequestJson[];
}

/** Event `delta`: what is new or has changed since the event before. */
export interface LiveDelta {
  readonly now: string;
  readonly circuits: readonly LiveCircuit[];
  /** Circuits that are not shown any more. */
  readonly gone: readonly (readonly [cluster: string, target: string | null])[];
  readonly more: number;
  /** Newest first. */
  readonly requests: readonly RequestJson[];
  /** Requests, by id, that are not among those asked for any more. */
  readonly left: readonly string[];
}

/** Event `beat`: nothing has changed. */
export interface LiveBeat {
  readonly now: string;
}
