// What the core tells the outside about its work. One direction: an observer counts, logs and keeps, and gives
// nothing back; a fault in one must never reach the traffic. The core calls these on its hot path.

import type { Transition } from './circuit/state.js';
import type { AnswerReason, ErrorKind, RefusalReason, RetryResult } from './reasons.js';
import type { AttemptRecord, RequestRecord } from './record.js';

/** Why a retry was made: what ended the attempt before it, or `unknown` until evidence came. */
export type RetryCause = ErrorKind;

export type ShadowDecision = 'short_circuit' | 'retry';

export type TraceMatch =
  | 'settled' // this entry settled its attempt
  | 'known' // its attempt, or its request, was settled before: dropped, save for an interruption of the body
  | 'early' // a request's, answered before, that came before those of its attempts: out of order, or these are lost
  | 'unmatched' // an id we do not hold (any more)
  | 'untagged'; // no id or no attempt number: the tags are missing from Envoy's configuration

/** What fell out of a bounded store before its time. */
export type Dropped =
  | 'session' // a request without an answer gave way to another
  | 'evidence' // the log did not tell of all of an answered request within its time, or had no room to
  | 'cluster' // a circuit made room for another, or found none
  | 'route' // that a route cannot be steered: too many such are known, and it has to be found out again
  | 'record'; // the history of a request that was not over

/** `target`: of the cluster named beside it; null where that has none. */
export interface Observer {
  /** Admission has decided; the record is new. */
  decided(record: RequestRecord): void;
  /** The gate, or admission, answered 503 in the upstream's place. */
  answered(record: RequestRecord, cluster: string, reason: AnswerReason, target: string | null): void;
  /** An attempt is settled: once each, and once more where good headers were followed by a broken body or bad trailers. */
  attemptSettled(record: RequestRecord, attempt: AttemptRecord): void;
  /** `record`: the request that it was for. */
  retry(
    cluster: string,
    result: RetryResult,
    reason: RetryCause | RefusalReason,
    target: string | null,
    record: RequestRecord,
  ): void;
  /** In shadow mode: a request that would have been refused, or retried because of what ended its last attempt. */
  shadowed(cluster: string, decision: ShadowDecision, reason: AnswerReason | RetryCause, target: string | null): void;
  /** Envoy sent a rerouted request to its own cluster all the same: the route cannot be steered. Told once a minute and route. */
  rerouteIgnored(record: RequestRecord): void;
  transition(transition: Transition): void;
  traceEntry(type: 'attempt' | 'request', match: TraceMatch): void;
  /** All that will be known of the request is known. */
  finished(record: RequestRecord): void;
  dropped(what: Dropped): void;
}
