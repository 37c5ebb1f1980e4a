// Every metric that Sluice exports, in one place: the name is a public interface (dashboards, alerts), the help is
// what an operator reads, and the README's table is made from it. Base units; counters end in `_total`.

export interface MetricEntry<L extends string = string> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly L[];
  /** Series of clusters that are split by a key carry the label `target` as well; all others do not have it. */
  readonly byTarget?: true;
  /** Upper bounds, in the unit of the name; histograms only. */
  readonly buckets?: readonly number[];
}

/** Attempts: 1 ms to 60 s. */
const ATTEMPT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
/** How late the log is: Envoy's flush interval at best, the ten seconds that evidence is awaited at worst. */
const LAG_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** Decisions: 1 us to 10 ms. */
const DECISION_SECONDS = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 1e-2] as const;

export const METRICS = {
  sluice_requests_total: {
    type: 'counter',
    help: 'Requests that admission decided on, by routed cluster and decision.',
    labels: ['cluster', 'decision'],
    byTarget: true,
  },
  sluice_attempts_total: {
    type: 'counter',
    help: 'Settled attempts, by cluster, stage and what they say of the upstream; a body interrupted after good headers adds one.',
    labels: ['cluster', 'stage', 'outcome'],
    byTarget: true,
  },
  sluice_attempt_duration_seconds: {
    type: 'histogram',
    help: 'Time from the start of an attempt to its response headers, or to its end where none came; not of interrupted bodies.',
    labels: ['cluster'],
    byTarget: true,
    buckets: ATTEMPT_SECONDS,
  },
  sluice_retries_total: {
    type: 'counter',
    help: 'Retries granted, refused, and those that saved a request, by the reason for it.',
    labels: ['cluster', 'result', 'reason'],
    byTarget: true,
  },
  sluice_retry_budget_remaining: {
    type: 'gauge',
    help: 'Retries that the budget of the cluster, or of its target, still allows at this moment.',
    labels: ['cluster'],
    byTarget: true,
  },
  sluice_circuit_state: {
    type: 'gauge',
    help: 'State of the circuit: 1 for the state it is in, 0 for every other.',
    labels: ['cluster', 'state'],
    byTarget: true,
  },
  sluice_circuit_transitions_total: {
    type: 'counter',
    help: 'Changes of state of a circuit, with the reason.',
    labels: ['cluster', 'from', 'to', 'reason'],
    byTarget: true,
  },
  sluice_short_circuits_total: {
    type: 'counter',
    help: 'Requests and retries that Sluice answered with 503 in the place of the upstream.',
    labels: ['cluster', 'reason'],
    byTarget: true,
  },
  sluice_reroutes_total: {
    type: 'counter',
    help: 'Requests sent to a fallback because the circuit of their own cluster did not admit them.',
    labels: ['from', 'to'],
  },
  sluice_shadow_total: {
    type: 'counter',
    help: 'What would have been done to a request if the mode were enforce.',
    labels: ['cluster', 'decision', 'reason'],
    byTarget: true,
  },
  sluice_decision_duration_seconds: {
    type: 'histogram',
    help: 'Time from the arrival of a message to the answer to it, without intended waits.',
    labels: ['role'],
    buckets: DECISION_SECONDS,
  },
  sluice_streams: {
    type: 'gauge',
    help: 'External processing streams that are open.',
    labels: ['role'],
  },
  sluice_sessions: {
    type: 'gauge',
    help: 'Requests whose evidence is still awaited, answered or not; without traffic it falls to 0.',
    labels: [],
  },
  sluice_records: {
    type: 'gauge',
    help: 'Request histories held for /requests.',
    labels: [],
  },
  sluice_trace_entries_total: {
    type: 'counter',
    help: "Access log entries received, by kind and by what they matched; early: a request's that came before those of its attempts.",
    labels: ['type', 'match'],
  },
  sluice_trace_lag_seconds: {
    type: 'histogram',
    help: 'Age of the oldest entry of each access log message as it comes: since the attempt or request was over. Only where Envoy and Sluice share a clock.',
    labels: [],
    buckets: LAG_SECONDS,
  },
  sluice_policy_ok: {
    type: 'gauge',
    help: '1 while the policy in force is that of the file; 0 since the file was found to have errors, or could not be read.',
    labels: [],
  },
  sluice_policy_reloads_total: {
    type: 'counter',
    help: 'Policy reloads: applied, or rejected with the policy in force unchanged.',
    labels: ['result'],
  },
  sluice_tls_reloads_total: {
    type: 'counter',
    help: 'Changes of the certificate files of the gRPC port: applied, or rejected with those in use unchanged.',
    labels: ['result'],
  },
  sluice_tls_certificate_expiration_timestamp_seconds: {
    type: 'gauge',
    help: 'When a certificate of the gRPC port expires: the first of its chain (cert), or the last authority for clients (client_ca). Only with TLS.',
    labels: ['file'],
  },
  sluice_tls_certificate_not_before_timestamp_seconds: {
    type: 'gauge',
    help: 'Since when the same certificate is valid.',
    labels: ['file'],
  },
  sluice_state_loads_total: {
    type: 'counter',
    help: 'State files read at the start: restored, absent, or ignored for the reason that the result names.',
    labels: ['result'],
  },
  sluice_state_saves_total: {
    type: 'counter',
    help: 'Times that the state file was written, or could not be (failed), with the one before left as it was.',
    labels: ['result'],
  },
  sluice_dropped_total: {
    type: 'counter',
    help: 'What fell out of a bounded store before its time.',
    labels: ['reason'],
  },
  sluice_refused_total: {
    type: 'counter',
    help: 'What was turned away at a port because there is a limit to it; those at the gRPC port only with the transport "direct".',
    labels: ['reason'],
  },
  sluice_faults_total: {
    type: 'counter',
    help: 'Internal faults; in each Sluice failed open.',
    labels: ['reason'],
  },
  sluice_disturbances_total: {
    type: 'counter',
    help: 'What was done to Sluice from outside, and was coped with: stalls, ends of the trace, a removed socket, a clock that was set.',
    labels: ['reason'],
  },
  sluice_watchers: {
    type: 'gauge',
    help: 'Pages and terminals that watch /events.',
    labels: [],
  },
  sluice_watchers_dropped_total: {
    type: 'counter',
    help: 'Streams of /events refused because there were too many (full), or ended because they were not read (slow).',
    labels: ['reason'],
  },
  sluice_log_lines_dropped_total: {
    type: 'counter',
    help: 'Log lines left out by the rate limit, or because their reader was too slow.',
    labels: [],
  },
  sluice_label_overflow_total: {
    type: 'counter',
    help: 'Updates counted under "_other", as cluster or as target, because the limit on label values was reached.',
    labels: [],
  },
  sluice_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels tell the versions of Sluice and Node.',
    labels: ['version', 'node'],
  },
} as const satisfies Record<string, MetricEntry>;

export type MetricName = keyof typeof METRICS;

/** Gauges with a name that only counters may have: prom-client's defaults break Prometheus' naming rules here. */
export const MISNAMED_DEFAULTS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
] as const;
