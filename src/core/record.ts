// The history of one request: what was decided, every attempt, and how it ended. It answers "was it retried,
// why, and why not?". Kept by the observer after the request is over; never holds a query, nor a header value
// but that of the key, where the policy has one.

import type { AnswerReason, Decision, ErrorKind, Outcome, RefusalReason, Result, Stage } from './reasons.js';

export interface AttemptRecord {
  /** From 1. */
  readonly attempt: number;
  cluster: string;
  /** Value of the key header that this cluster is split by; null: none. */
  target: string | null;
  host: string | null;
  stage: Stage;
  outcome: Outcome;
  /** The upstream's status; null where it sent none. */
  status: number | null;
  error: ErrorKind | null;
  /** Envoy's words for the error; bounded, printable. */
  message: string | null;
  durationMs: number | null;
  /** How long Sluice held this attempt back before it was sent. */
  waitMs: number;
  /** false until evidence has settled the attempt; only then do the fields above mean anything. */
  settled: boolean;
}

export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  /** Without the query; bounded. */
  readonly path: string;
  readonly route: string;
  /** The routed cluster. */
  readonly cluster: string;
  /** Its target; null: it is not split into any, or the request has none. */
  readonly target: string | null;
  readonly decision: Decision;
  /** Why Sluice answered; null where it did not. */
  reason: AnswerReason | null;
  /** Why there was no (further) retry; null where none was called for. */
  notRetried: RefusalReason | null;
  /** Retries granted at admission. */
  readonly maxRetries: number;
  readonly attempts: AttemptRecord[];
  result: Result;
  /** Status sent to the client; null: not known. */
  status: number | null;
  /** Milliseconds on the injected monotonic clock. */
  readonly startedAtMs: number;
  endedAtMs: number | null;
}
