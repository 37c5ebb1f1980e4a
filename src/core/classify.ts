// Decides, from the evidence of one attempt, how far it got and whose fault its end was. Everything that may be
// retried or counted hangs on this, so it is one pure function over one table (ENVOY.md, section 4), and where
// signals contradict each other or are missing it assumes the worse: the request was written.

import { CLIENT_GONE, type Evidence, FLAGS } from './evidence.js';
import type { CircuitPolicy } from './policy.js';
import type { ErrorKind, Outcome, Stage } from './reasons.js';

export interface Settlement {
  readonly stage: Stage;
  readonly outcome: Outcome;
  /** null for a success. */
  readonly error: ErrorKind | null;
  /** Counts in the streak of consecutive failures: not so for an overload answer (429, RESOURCE_EXHAUSTED). */
  readonly inStreak: boolean;
}

const DENIED =
  FLAGS.rateLimited |
  FLAGS.unauthorized |
  FLAGS.rateLimitServiceError |
  FLAGS.faultInjected |
  FLAGS.invalidRequestHeaders |
  FLAGS.downstreamProtocolError |
  FLAGS.overloadManager;
const LOCAL = DENIED | FLAGS.noHealthyUpstream | FLAGS.noRoute | FLAGS.noCluster;
const RESET = FLAGS.upstreamConnectionTermination | FLAGS.upstreamRemoteReset | FLAGS.localReset;
const INTERRUPTED =
  FLAGS.upstreamConnectionTermination |
  FLAGS.upstreamRemoteReset |
  FLAGS.upstreamProtocolError |
  FLAGS.upstreamRequestTimeout;
const FAILED = RESET | FLAGS.upstreamConnectionFailure | FLAGS.upstreamRequestTimeout | FLAGS.upstreamProtocolError;
/** Envoy's own limits on a stream: nobody's failure that we could name. */
const ENVOY_LIMIT = FLAGS.streamIdleTimeout | FLAGS.maxStreamDuration | FLAGS.durationTimeout;

const TOO_MANY_REQUESTS = 429;
const GRPC_OK = 0;
const GRPC_RESOURCE_EXHAUSTED = 8;

type Statuses = Pick<CircuitPolicy, 'failureStatuses' | 'failureGrpcStatuses'>;

/** Never throws; evidence that says nothing gives `unknown`, `ignored`. */
export function classify(evidence: Evidence, statuses: Statuses): Settlement {
  const { flags } = evidence;
  if (flags & CLIENT_GONE) return ignored('cancelled', 'cancelled');
  if (flags & LOCAL || isOverflow(evidence)) return ignored('local', localError(flags));
  return evidence.status === null ? withoutResponse(evidence) : withResponse(evidence, evidence.status, statuses);
}

/** Tells neither how far the attempt got nor whose fault its end was: better evidence may follow. */
export function saysNothing({ stage, outcome }: Settlement): boolean {
  return stage === 'unknown' && outcome === 'ignored';
}

/** True where not a byte of the request can have reached the upstream. */
export function provenUnwritten(stage: Stage): boolean {
  return stage === 'connect' || stage === 'tls' || stage === 'before_request';
}

/**
 * No connection was to be had. Envoy raises the same flag where an attempt failed by itself and a limit of Envoy's own
 * (`max_retries`, `retry_budget`) stood in the way of the next one: then the failure is the upstream's.
 */
function isOverflow({ flags, status }: Evidence): boolean {
  return (flags & FLAGS.upstreamOverflow) !== 0 && (flags & FAILED) === 0 && status === null;
}

function withResponse(evidence: Evidence, status: number, statuses: Statuses): Settlement {
  if (evidence.flags & ENVOY_LIMIT) return ignored('body', 'interrupted');
  if (evidence.flags & INTERRUPTED) return failure('body', 'interrupted');
  const { grpcStatus } = evidence;
  if (statuses.failureStatuses.has(status)) {
    return { stage: 'response', outcome: 'failure', error: 'status', inStreak: status !== TOO_MANY_REQUESTS };
  }
  if (grpcStatus !== null && grpcStatus !== GRPC_OK && statuses.failureGrpcStatuses.has(grpcStatus)) {
    const inStreak = grpcStatus !== GRPC_RESOURCE_EXHAUSTED;
    return { stage: 'response', outcome: 'failure', error: 'grpc_status', inStreak };
  }
  return { stage: 'response', outcome: 'success', error: null, inStreak: true };
}

function withoutResponse(evidence: Evidence): Settlement {
  const { flags, written } = evidence;
  if (flags & FLAGS.dnsFailure) return written === true ? failure('unknown', 'dns') : failure('connect', 'dns');
  if (flags & FLAGS.upstreamConnectionFailure) return connectionFailed(evidence);
  if (flags & FLAGS.upstreamProtocolError) return failure(written === true ? 'request_sent' : 'unknown', 'protocol');
  if (flags & FLAGS.upstreamRequestTimeout) return timedOut(written);
  if (flags & RESET) return wasReset(evidence);
  if (flags & ENVOY_LIMIT) return ignored(written === true ? 'request_sent' : 'unknown', 'response_timeout');
  return ignored('unknown', 'unknown');
}

function connectionFailed({ written, transportFailure, details }: Evidence): Settlement {
  const isTls = transportFailure.includes('TLS');
  const error = isTls ? 'tls' : connectError(transportFailure, details);
  // The flag says "never connected", the byte says "written": the byte wins.
  if (written === true) return failure('unknown', error);
  return failure(isTls ? 'tls' : 'connect', error);
}

function connectError(transportFailure: string, details: string): ErrorKind {
  if (transportFailure.includes('refused')) return 'connection_refused';
  if (transportFailure.includes('timeout') || details.includes('timeout')) return 'connect_timeout';
  return 'connection_failure';
}

function timedOut(written: boolean | null): Settlement {
  if (written === false) return failure('connect', 'connect_timeout');
  return failure(written === true ? 'request_sent' : 'unknown', 'response_timeout');
}

function wasReset({ written, details, transportFailure }: Evidence): Settlement {
  const refused = details.includes('REFUSED_STREAM') || transportFailure.includes('REFUSED_STREAM');
  if (written === false) return failure('before_request', refused ? 'refused_stream' : 'reset');
  return failure(written === true ? 'request_sent' : 'unknown', 'reset');
}

function localError(flags: number): ErrorKind {
  if (flags & FLAGS.noHealthyUpstream) return 'no_healthy_host';
  if (flags & FLAGS.noRoute) return 'no_route';
  if (flags & FLAGS.noCluster) return 'no_cluster';
  if (flags & FLAGS.upstreamOverflow) return 'overflow';
  return 'denied_locally';
}

function failure(stage: Stage, error: ErrorKind): Settlement {
  return { stage, outcome: 'failure', error, inStreak: true };
}

function ignored(stage: Stage, error: ErrorKind): Settlement {
  return { stage, outcome: 'ignored', error, inStreak: false };
}

/** The entry of an attempt that Envoy cut short says no more than whether it was written: the answer cannot tell that. */
export function completed(evidence: Evidence, other: Evidence | null): Evidence {
  if (other === null || evidence.written !== null) return evidence;
  return { ...evidence, written: other.written };
}
