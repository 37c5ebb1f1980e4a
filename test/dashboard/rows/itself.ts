// Is the sidecar itself well, and does Envoy still listen to it?

import type { Row } from '../panel.js';
import { IN, quantile, rate } from '../queries.js';
import { JOB } from '../variables.js';

function lag(q: number): string {
  return `histogram_quantile(${q}, sum by (le) (rate(sluice_trace_lag_seconds_bucket{${JOB}}${IN})))`;
}

export const ITSELF: Row = {
  title: 'Sluice itself',
  panels: [
    {
      type: 'timeseries',
      title: 'Time to decide',
      description:
        'From the arrival of a message to the answer, without intended waits. Envoy waits 200 ms unless told.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'sluice_decision_duration_seconds', 'role', JOB), legend: 'p50 {{role}}' },
        { expr: quantile(0.99, 'sluice_decision_duration_seconds', 'role', JOB), legend: 'p99 {{role}}' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Let through without Sluice',
      description:
        'Streams per second for which Envoy failed open, as no answer came, or a late one. Anything but 0 is unguarded traffic.',
      unit: 'reqps',
      queries: [
        { expr: `sum(rate(envoy_http_ext_proc_failure_mode_allowed${IN}))`, legend: 'admission' },
        {
          expr: `sum(rate(envoy_http_failure_mode_allowed{envoy_http_conn_manager_prefix=~".*ext_proc"}${IN}))`,
          legend: 'gate',
        },
        { expr: `sum(rate(envoy_cluster_ext_proc_failure_mode_allowed${IN}))`, legend: 'judge' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Faults',
      description:
        'Internal errors, in each of which Sluice failed open. Anything but 0 is a bug: see the log event fault.',
      unit: 'short',
      queries: [{ expr: `sum by (reason) (increase(sluice_faults_total{${JOB}}${IN}))`, legend: '{{reason}}' }],
    },
    {
      type: 'timeseries',
      title: 'Access log entries',
      description:
        'By what they matched. untagged: tags are missing in Envoy; unmatched: too late, or of another sidecar; early: out of order, or others are lost.',
      unit: 'cps',
      stacked: true,
      queries: [
        {
          expr: rate('sluice_trace_entries_total', 'type, match', '', JOB),
          legend: '{{type}} {{match}}',
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Lag of the access log',
      description:
        'Age of the oldest entry of each message: the flush interval of Envoy, 50 ms if set as meant. Only on one machine.',
      unit: 's',
      queries: [
        { expr: lag(0.5), legend: 'p50' },
        { expr: lag(0.99), legend: 'p99' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Open streams',
      description: 'By role. Rising without end: Envoy does not close them, or somebody does not answer.',
      unit: 'short',
      queries: [{ expr: `sum by (role) (sluice_streams{${JOB}})`, legend: '{{role}}' }],
    },
    {
      type: 'timeseries',
      title: 'Held in memory',
      description: 'Requests whose evidence is awaited (without traffic it falls to 0), and histories for /requests.',
      unit: 'short',
      queries: [
        { expr: `sum(sluice_sessions{${JOB}})`, legend: 'sessions' },
        { expr: `sum(sluice_records{${JOB}})`, legend: 'records' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Given up',
      description:
        'What fell out of a bounded store, was turned away at a port by its limits, log lines left out, and counts that had no series of their own.',
      unit: 'cps',
      queries: [
        { expr: rate('sluice_dropped_total', 'reason', '', JOB), legend: 'dropped {{reason}}' },
        { expr: rate('sluice_refused_total', 'reason', '', JOB), legend: 'refused {{reason}}' },
        { expr: `sum(rate(sluice_log_lines_dropped_total{${JOB}}${IN}))`, legend: 'log lines' },
        { expr: `sum(rate(sluice_label_overflow_total{${JOB}}${IN}))`, legend: 'label overflow' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Disturbances',
      description:
        'stalled: it did not get to run for half a second. trace_ended: Envoy went, or reloaded its listener. socket_removed, clock_set: by somebody else.',
      unit: 'short',
      queries: [{ expr: `sum by (reason) (increase(sluice_disturbances_total{${JOB}}${IN}))`, legend: '{{reason}}' }],
    },
    {
      type: 'timeseries',
      title: 'Certificates last for',
      description:
        'Of the gRPC port with TLS, the sidecar whose ends first, beside the whole time that they are made for. Below 0: expired.',
      unit: 's',
      queries: [
        {
          expr: `min by (file) (sluice_tls_certificate_expiration_timestamp_seconds{${JOB}} - time())`,
          legend: '{{file}}',
        },
        {
          expr: `min by (file) (sluice_tls_certificate_expiration_timestamp_seconds{${JOB}} - sluice_tls_certificate_not_before_timestamp_seconds{${JOB}})`,
          legend: '{{file}} when new',
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Reloads',
      description: 'Of the policy, and of certificates. rejected: the files have errors, and what is in force stays.',
      unit: 'short',
      queries: [
        { expr: `sum by (result) (increase(sluice_policy_reloads_total{${JOB}}${IN}))`, legend: 'policy {{result}}' },
        { expr: `sum by (result) (increase(sluice_tls_reloads_total{${JOB}}${IN}))`, legend: 'TLS {{result}}' },
        { expr: `count(sluice_policy_ok{${JOB}} == 0) or vector(0)`, legend: 'sidecars with a bad policy file' },
      ],
    },
    {
      type: 'timeseries',
      title: 'State file',
      description:
        'Loaded at starts, and saved while running. failed: circuits would not survive a restart; see the log event state_save_failed.',
      unit: 'short',
      queries: [
        { expr: `sum by (result) (increase(sluice_state_loads_total{${JOB}}${IN}))`, legend: 'load {{result}}' },
        { expr: `sum by (result) (increase(sluice_state_saves_total{${JOB}}${IN}))`, legend: 'save {{result}}' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Memory',
      description: 'Resident, and what of it is the heap in use, of the largest sidecar.',
      unit: 'bytes',
      queries: [
        { expr: `max(process_resident_memory_bytes{${JOB}})`, legend: 'resident' },
        { expr: `max(nodejs_heap_size_used_bytes{${JOB}})`, legend: 'heap in use' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Event loop lag',
      description: 'Of the worst sidecar. Near 200 ms Envoy stops waiting: the processor is starved.',
      unit: 's',
      width: 12,
      queries: [
        { expr: `max(nodejs_eventloop_lag_p50_seconds{${JOB}})`, legend: 'p50' },
        { expr: `max(nodejs_eventloop_lag_p99_seconds{${JOB}})`, legend: 'p99' },
      ],
    },
    {
      type: 'timeseries',
      title: 'Processor time',
      description: 'Of the busiest sidecar, in processors. It decides on one of them: near 1 it is full.',
      unit: 'short',
      width: 12,
      queries: [{ expr: `max(rate(process_cpu_seconds_total{${JOB}}${IN}))`, legend: 'processors' }],
    },
  ],
};
