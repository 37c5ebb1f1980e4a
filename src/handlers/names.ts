// The headers and attributes through which Sluice and Envoy speak, and which of them a client could forge.

import type { Headers } from '../core/stream.js';

export const HEADER = {
  id: 'x-sluice-id',
  cluster: 'x-sluice-cluster',
  /** Judge to router: retry this response. */
  retry: 'x-sluice-retry',
  retryOn: 'x-envoy-retry-on',
  retryGrpcOn: 'x-envoy-retry-grpc-on',
  maxRetries: 'x-envoy-max-retries',
  perTryTimeout: 'x-envoy-upstream-rq-per-try-timeout-ms',
  retriableStatuses: 'x-envoy-retriable-status-codes',
  retriableHeaders: 'x-envoy-retriable-header-names',
  attempt: 'x-envoy-attempt-count',
  expectedTimeout: 'x-envoy-expected-rq-timeout-ms',
} as const;

export const ATTRIBUTE = {
  cluster: 'xds.cluster_name',
  route: 'xds.route_name',
  flags: 'response.flags',
  details: 'response.code_details',
  transportFailure: 'upstream.transport_failure_reason',
  attempts: 'upstream.request_attempt_count',
  host: 'upstream.address',
} as const;

const OURS = 'x-sluice-';
const ENVOYS = 'x-envoy-';
/** What tells Envoy's router to retry, to hedge, or for how long to try. */
export const RETRY_CONTROL: ReadonlySet<string> = new Set([
  HEADER.retryOn,
  HEADER.retryGrpcOn,
  HEADER.maxRetries,
  HEADER.perTryTimeout,
  HEADER.retriableStatuses,
  HEADER.retriableHeaders,
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-hedge-on-per-try-timeout',
]);

/** Control headers that came from outside: a client has no business with any of them. */
export function foreignControls(headers: Headers): readonly string[] {
  const controls = headers.startingWith(ENVOYS).filter((name) => RETRY_CONTROL.has(name));
  const ours = headers.startingWith(OURS);
  return controls.length === 0 ? ours : [...ours, ...controls];
}

/** Headers of ours in a response: none of them is for the client, unless Sluice made the response. */
export function ownHeaders(headers: Headers): readonly string[] {
  return headers.startingWith(OURS);
}
