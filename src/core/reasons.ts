// Every word that Sluice uses to explain itself, defined once. The same text is the metric label, the log
// field, the response detail and the word in the README: renaming one here is a change of public interface.

/** How far an attempt got before it ended. Decides whether the request may have been written upstream. */
export const STAGES = [
  'connect', // no connection: refused, unreachable, timed out, name not resolved
  'tls', // connected, but the handshake failed
  'before_request', // connection or stream reset before a byte of the request was written
  'request_sent', // written, and no response header came
  'response', // response headers came
  'body', // interrupted after the response headers
  'local', // Envoy or Sluice answered; no attempt reached a host
  'cancelled', // the client went away
  'unknown', // evidence missing or contradictory: treated as written
] as const;
export type Stage = (typeof STAGES)[number];

/** What an attempt says about its upstream. `ignored` says nothing: cancelled, local, or not judged. */
export const OUTCOMES = ['success', 'failure', 'ignored'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why an attempt did not succeed, in the field's words. */
export const ERROR_KINDS = [
  'connection_refused',
  'connect_timeout',
  'connection_failure',
  'dns',
  'tls',
  'reset',
  'refused_stream',
  'response_timeout',
  'interrupted',
  'status',
  'grpc_status',
  'protocol',
  'no_healthy_host',
  'no_cluster',
  'no_route',
  'overflow',
  'denied_locally',
  'cancelled',
  'unknown',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** Why Sluice itself answered instead of the upstream. */
export const ANSWER_REASONS = ['circuit_open', 'forced_open', 'probe_limit', 'retry_budget', 'deadline'] as const;
export type AnswerReason = (typeof ANSWER_REASONS)[number];

export const CIRCUIT_STATES = ['closed', 'open', 'half_open', 'recovering', 'forced_open', 'disabled'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

/** Why a circuit opened, in order of precedence: the first that holds is the one named. */
export const TRIP_REASONS = ['consecutive_failures', 'failure_ratio', 'slow_ratio'] as const;
export type TripReason = (typeof TRIP_REASONS)[number];

/** Why a circuit changed state. */
export const TRANSITION_REASONS = [
  ...TRIP_REASONS,
  'open_time_over', // open -> half_open
  'probe_failed', // half_open -> open
  'probes_succeeded', // half_open -> recovering or closed
  'ramp_failed', // recovering -> open
  'ramp_over', // recovering -> closed
  'operator', // forced or released by hand
  'policy', // a reload changed the mode
] as const;
export type TransitionReason = (typeof TRANSITION_REASONS)[number];

/** What admission decided. `unmanaged`: circuit and retries are both off for this cluster, or it has no name. */
export const DECISIONS = ['admit', 'reroute', 'short_circuit', 'unmanaged'] as const;
export type Decision = (typeof DECISIONS)[number];

/** Why a failed attempt was not followed by another, or why no retry was granted in the first place. */
export const REFUSAL_REASONS = [
  'retries_off', // maxRetries 0, or mode off or shadow
  'not_idempotent', // only unwritten attempts may be retried for this request
  'written', // the request was, or may have been, written
  'not_retriable', // policy does not name this status or failure
  'exhausted', // every granted attempt was made
  'retry_budget',
  'circuit_open',
  'forced_open',
  'probe_limit',
  'deadline',
  'server_pushback', // the server asked not to be retried, or for longer than allowed
  'cancelled', // the client went away
  'local', // no host was picked: Envoy does not retry its own answers
  'not_retried_by_envoy', // it was granted and matched, yet no further attempt came
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export const RETRY_RESULTS = ['granted', 'refused', 'saved'] as const;
export type RetryResult = (typeof RETRY_RESULTS)[number];

/** How a request ended, as far as the client is concerned. */
export const RESULTS = ['pending', 'success', 'failure', 'short_circuited', 'refused', 'cancelled', 'unknown'] as const;
export type Result = (typeof RESULTS)[number];

export const CIRCUIT_MODES = ['enforce', 'shadow', 'off'] as const;
export type Mode = (typeof CIRCUIT_MODES)[number];

/** Where in Envoy a stream of ours sits; the value of the `x-sluice-role` metadata. */
export const ROLES = ['admission', 'gate', 'judge'] as const;
export type Role = (typeof ROLES)[number];
