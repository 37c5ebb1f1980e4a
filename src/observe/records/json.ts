// The shape of a request's history outside of the process: in answers of /requests and in log lines. It names every
// field it gives, so that what the core keeps beside them never leaks, and lets nothing unprintable through.

import type { AnswerReason, Decision, ErrorKind, Outcome, RefusalReason, Result, Stage } from '../../core/reasons.js';
import type { AttemptRecord, RequestRecord } from '../../core/record.js';
import { printable } from '../printable.js';

export interface AttemptJson {
  readonly attempt: number;
  readonly cluster: string;
  /** null: the cluster is not split into targets, or the request had none. */
  readonly target: string | null;
  readonly host: string | null;
  readonly stage: Stage;
  readonly outcome: Outcome;
  readonly status: number | null;
  readonly error: ErrorKind | null;
  readonly message: string | null;
  readonly durationMs: number | null;
  readonly waitMs: number;
}

export interface RequestJson {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly cluster: string;
  readonly target: string | null;
  readonly decision: Decision;
  readonly reason: AnswerReason | null;
  readonly maxRetries: number;
  /** Settled attempts only: before that, nothing is known of one but that it was sent. */
  readonly attempts: readonly AttemptJson[];
  readonly notRetried: RefusalReason | null;
  readonly result: Result;
  readonly status: number | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** null while pending. */
  readonly durationMs: number | null;
}

const MAX_METHOD_LENGTH = 32;
/** Three decimals: microseconds. */
const PRECISION = 1000;

/** `toIso` turns the monotonic clock's milliseconds into ISO 8601. */
export function requestJson(record: RequestRecord, toIso: (monotonicMs: number) => string): RequestJson {
  return {
    id: printable(record.id),
    method: printable(record.method, MAX_METHOD_LENGTH),
    path: pathOf(record),
    route: printable(record.route),
    cluster: printable(record.cluster),
    target: printableOrNull(record.target),
    decision: record.decision,
    reason: record.reason,
    maxRetries: record.maxRetries,
    attempts: settledAttempts(record),
    notRetried: record.notRetried,
    result: record.result,
    status: record.status,
    startedAt: toIso(record.startedAtMs),
    durationMs: record.endedAtMs === null ? null : rounded(record.endedAtMs - record.startedAtMs),
  };
}

export function settledAttempts(record: RequestRecord): AttemptJson[] {
  return record.attempts.filter((attempt) => attempt.settled).map(attemptJson);
}

/** The path again without a query: whoever made the record has cut it, and a secret in a query must not hang on that. */
export function pathOf(record: RequestRecord): string {
  const query = record.path.search(/[?#]/);
  return printable(query < 0 ? record.path : record.path.slice(0, query));
}

function attemptJson(attempt: AttemptRecord): AttemptJson {
  return {
    attempt: attempt.attempt,
    cluster: printable(attempt.cluster),
    target: printableOrNull(attempt.target),
    host: printableOrNull(attempt.host),
    stage: attempt.stage,
    outcome: attempt.outcome,
    status: attempt.status,
    error: attempt.error,
    message: printableOrNull(attempt.message),
    durationMs: attempt.durationMs === null ? null : rounded(attempt.durationMs),
    waitMs: rounded(attempt.waitMs),
  };
}

function printableOrNull(text: string | null): string | null {
  return text === null ? null : printable(text);
}

function rounded(ms: number): number {
  return Math.round(ms * PRECISION) / PRECISION;
}
