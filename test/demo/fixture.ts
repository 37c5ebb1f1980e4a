// A demo in which everything happened, as data: tests take one thing away and see that it is missed.

import { type Metrics, parseMetrics } from '../support/metrics.js';
import type { AttemptView, CircuitDetailView, RequestView, TransitionView } from '../support/views.js';
import type { Evidence } from './checks.js';
import type { ClientAnswer } from './traffic.js';

export const START = Date.parse('2026-01-01T00:00:00.000Z');

export function iso(atMs: number): string {
  return new Date(START + atMs).toISOString();
}

export function attempt(number: number, fields: Partial<AttemptView> = {}): AttemptView {
  return {
    attempt: number,
    cluster: 'pool',
    target: null,
    host: `127.0.0.1:${number}`,
    stage: 'response',
    outcome: 'success',
    status: 200,
    error: null,
    message: null,
    durationMs: 1,
    waitMs: 0,
    ...fields,
  };
}

export const REFUSED = { stage: 'connect', outcome: 'failure', status: null, error: 'connection_refused' } as const;

export function request(cluster: string, index: number, fields: Partial<RequestView> = {}): RequestView {
  return {
    id: `${cluster}-${index}`,
    method: 'GET',
    path: `/${cluster}/${index}`,
    route: cluster,
    cluster,
    target: null,
    decision: 'admit',
    reason: null,
    maxRetries: 1,
    attempts: [attempt(1, { cluster })],
    notRetried: null,
    result: 'success',
    status: 200,
    startedAt: iso(index * 1000),
    durationMs: 5,
    ...fields,
  };
}

export function transition(atMs: number, from: string, to: string, reason: string, openMs = 0): TransitionView {
  return {
    at: iso(atMs),
    from,
    to,
    reason,
    requests: 12,
    failures: 6,
    failureRatio: 0.5,
    slowRatio: reason === 'slow_ratio' ? 1 : 0,
    consecutiveFailures: 0,
    retryAt: to === 'open' ? iso(atMs + openMs) : null,
  };
}

export function circuit(cluster: string, fields: Partial<CircuitDetailView> = {}): CircuitDetailView {
  return {
    cluster,
    target: null,
    state: 'closed',
    mode: 'enforce',
    requests: 12,
    failures: 6,
    failureRatio: 0.5,
    openedAt: null,
    retryAt: null,
    reason: null,
    transitions: [],
    ...fields,
  };
}

export const ROUND_TRIP: readonly TransitionView[] = [
  transition(2000, 'closed', 'open', 'failure_ratio', 2000),
  transition(4000, 'open', 'half_open', 'open_time_over'),
  transition(4100, 'half_open', 'open', 'probe_failed', 4000),
  transition(8100, 'open', 'half_open', 'open_time_over'),
  transition(8200, 'half_open', 'closed', 'probes_succeeded'),
];

const METRICS = `
sluice_retries_total{cluster="pool",result="saved",reason="connection_refused"} 3
sluice_retries_total{cluster="secondary",result="saved",reason="connection_refused"} 2
sluice_retries_total{cluster="flaky",result="saved",reason="status"} 1
sluice_retries_total{cluster="flaky",result="refused",reason="written"} 1
sluice_reroutes_total{from="primary",to="secondary"} 1
sluice_short_circuits_total{cluster="refusing",reason="circuit_open"} 4
sluice_short_circuits_total{cluster="slow",reason="circuit_open"} 4
sluice_circuit_transitions_total{cluster="primary",from="closed",to="open",reason="failure_ratio"} 1
sluice_circuit_transitions_total{cluster="primary",from="open",to="half_open",reason="open_time_over"} 2
sluice_circuit_transitions_total{cluster="primary",from="half_open",to="open",reason="probe_failed"} 1
sluice_circuit_transitions_total{cluster="primary",from="half_open",to="closed",reason="probes_succeeded"} 1
sluice_circuit_transitions_total{cluster="slow",from="closed",to="open",reason="slow_ratio"} 1
`;

/** The metrics of the demo, without the samples whose line contains `without`. */
export function metrics(without?: string): Metrics {
  const lines = METRICS.trim().split('\n');
  return parseMetrics(lines.filter((line) => without === undefined || !line.includes(without)).join('\n'));
}

export function answer(status: number, fields: Partial<ClientAnswer> = {}): ClientAnswer {
  return { method: 'GET', status, reason: null, retryAfter: null, ...fields };
}

const REQUESTS: readonly RequestView[] = [
  request('pool', 1, { attempts: [attempt(1, REFUSED), attempt(2)] }),
  request('primary', 2, {
    attempts: [attempt(1, { ...REFUSED, cluster: 'primary' }), attempt(2, { cluster: 'secondary' })],
  }),
  request('flaky', 3, {
    attempts: [
      attempt(1, { cluster: 'flaky', outcome: 'failure', status: 503, error: 'status' }),
      attempt(2, { cluster: 'flaky' }),
    ],
  }),
  request('flaky', 4, {
    method: 'POST',
    attempts: [
      attempt(1, { cluster: 'flaky', stage: 'request_sent', outcome: 'failure', status: null, error: 'reset' }),
    ],
    notRetried: 'written',
    result: 'failure',
    status: 503,
  }),
  request('primary', 5, { decision: 'reroute', attempts: [attempt(1, { cluster: 'secondary' })] }),
  request('refusing', 6, {
    decision: 'short_circuit',
    reason: 'circuit_open',
    attempts: [],
    result: 'short_circuited',
    status: 503,
  }),
  request('secondary', 7),
  request('primary', 9),
];

/** What reached whom: `upstream path`, as often as it came. */
const RECEIVED: readonly string[] = [
  'pool /pool/1',
  'secondary /primary/2',
  'flaky /flaky/3',
  'flaky /flaky/3',
  'flaky /flaky/4',
  'secondary /primary/5',
  'secondary /secondary/7',
  'primary /primary/9',
];

export interface Told {
  readonly requests: readonly RequestView[];
  readonly circuits: readonly CircuitDetailView[];
  readonly metrics: Metrics;
  readonly answers: ReadonlyMap<string, ClientAnswer>;
  readonly received: readonly string[];
}

export function told(changes: Partial<Told> = {}): Evidence {
  const { received, ...rest }: Told = {
    requests: REQUESTS,
    circuits: [
      circuit('primary', { transitions: ROUND_TRIP }),
      circuit('slow', { transitions: [transition(2500, 'closed', 'open', 'slow_ratio', 2000)] }),
    ],
    metrics: metrics(),
    answers: answers(),
    received: RECEIVED,
    ...changes,
  };
  const times = (upstream: string, path: string) => received.filter((entry) => entry === `${upstream} ${path}`).length;
  return { ...rest, received: times };
}

/** What the clients saw, with these answers in the place of the right ones. */
export function answers(changed: Readonly<Record<string, ClientAnswer>> = {}): ReadonlyMap<string, ClientAnswer> {
  return new Map<string, ClientAnswer>([
    ['/pool/1', answer(200)],
    ['/primary/2', answer(200)],
    ['/flaky/3', answer(200)],
    ['/flaky/4', answer(503, { method: 'POST' })],
    ['/primary/5', answer(200)],
    ['/refusing/6', answer(503, { reason: 'circuit_open', retryAfter: 2 })],
    ['/secondary/7', answer(200)],
    ['/primary/9', answer(200)],
    ...Object.entries(changed),
  ]);
}

/** The requests, with these fields of one of them changed. */
export function requestsWith(id: string, fields: Partial<RequestView>): readonly RequestView[] {
  return REQUESTS.map((view) => (view.id === id ? { ...view, ...fields } : view));
}

/** What reached the upstreams, without one entry, or with one more. */
export function receivedBut(change: { readonly without?: string; readonly and?: string }): readonly string[] {
  const kept = RECEIVED.filter((entry) => entry !== change.without);
  return change.and === undefined ? kept : [...kept, change.and];
}
