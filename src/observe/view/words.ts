// What each word means, for the README, the page and the terminal. Typed by the closed unions: a word without a meaning
// does not compile.

import type {
  AnswerReason,
  CircuitState,
  Decision,
  ErrorKind,
  Outcome,
  RefusalReason,
  Result,
  Stage,
  TransitionReason,
} from '../../core/reasons.js';

export const ANSWERS: Readonly<Record<AnswerReason, string>> = {
  circuit_open: 'the circuit is open',
  forced_open: 'an operator has opened the circuit',
  probe_limit: 'the circuit is half open or recovering, and its share of requests is out',
  retry_budget: 'the gate stopped a retry: the budget is spent',
  deadline: 'the gate stopped a retry: no time is left for it',
};

export const REFUSALS: Readonly<Record<RefusalReason, string>> = {
  retries_off: 'the policy allows none here',
  not_idempotent: 'it may have been written, and may not be repeated',
  written: 'it was, or may have been, written',
  not_retriable: 'the policy does not name this status or failure',
  exhausted: 'every attempt that was granted was made',
  retry_budget: 'the budget of the cluster is spent',
  circuit_open: 'the circuit is open',
  forced_open: 'an operator has opened the circuit',
  probe_limit: 'the circuit is half open or recovering, and its share of requests is out',
  deadline: 'the wait would not fit the time that is left',
  server_pushback: 'the server asked not to be retried, or for a longer wait than `honour.max`',
  cancelled: 'the client went away',
  local: 'it was an answer of Envoy itself',
  not_retried_by_envoy:
    'it was granted, and Envoy did not make it: a body too large to keep, its own retry budget, no time left',
};

export const TRANSITIONS: Readonly<Record<TransitionReason, string>> = {
  consecutive_failures: 'opened: that many failures in a row',
  failure_ratio: 'opened: the share of failures in the window',
  slow_ratio: 'opened: the share of slow attempts in the window',
  open_time_over: 'half open: it was open long enough',
  probe_failed: 'opened again: a probe failed',
  probes_succeeded: 'recovering or closed: enough probes succeeded',
  ramp_failed: 'opened again while recovering',
  ramp_over: 'closed: the ramp is over',
  operator: 'set by hand',
  policy: 'a reload changed its mode',
};

export const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  connect: 'no connection: refused, timed out, name not resolved',
  tls: 'connected, but the handshake failed',
  before_request: 'reset or refused before a byte of the request was written',
  request_sent: 'written, and no response header came',
  response: 'response headers came',
  body: 'interrupted after the response headers',
  local: 'answered by Envoy or Sluice; no attempt reached a host',
  cancelled: 'the client went away',
  unknown: 'evidence missing or contradictory: treated as written',
};

export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  success: 'good',
  failure: 'counts against the upstream',
  ignored: 'says nothing about the upstream',
};

export const ERRORS: Readonly<Record<ErrorKind, string>> = {
  connection_refused: 'nobody listens there',
  connect_timeout: 'no connection in time',
  connection_failure: 'no connection, for another reason',
  dns: 'the name was not resolved',
  tls: 'the handshake failed',
  reset: 'the connection or stream was reset',
  refused_stream: 'the upstream refused the stream',
  response_timeout: 'no response in time',
  interrupted: 'the body broke off',
  status: 'an HTTP status that counts as failure',
  grpc_status: 'a gRPC status that counts as failure',
  protocol: 'the upstream did not speak HTTP properly',
  no_healthy_host: 'Envoy had no healthy host',
  no_cluster: 'Envoy knows no such cluster',
  no_route: 'Envoy has no such route',
  overflow: "a limit of Envoy's own circuit breakers",
  denied_locally: 'another filter of Envoy said no',
  cancelled: 'the client went away',
  unknown: 'no evidence',
};

export const DECISION_WORDS: Readonly<Record<Decision, string>> = {
  admit: 'to the routed cluster',
  reroute: 'to a fallback, for the circuit of the routed cluster did not admit it',
  short_circuit: 'answered 503: no candidate admitted it',
  unmanaged: 'circuit and retries are off, or Envoy named no cluster',
};

export const RESULT_WORDS: Readonly<Record<Result, string>> = {
  pending: 'not over',
  success: 'the last attempt was good',
  failure: 'the last attempt failed, or Envoy answered itself',
  short_circuited: 'answered 503 at admission',
  refused: 'answered 503 by the gate, in place of a retry',
  cancelled: 'the client went away before an answer',
  unknown: 'no evidence came',
};

/** Names of the states, for a reader. */
export const STATE_NAMES: Readonly<Record<CircuitState, string>> = {
  closed: 'closed',
  open: 'open',
  half_open: 'half open',
  recovering: 'recovering',
  forced_open: 'forced open',
  disabled: 'disabled',
};
