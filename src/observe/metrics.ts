// Counts for Prometheus. The methods that traffic calls add to plain numbers; labels, text and prom-client come in
// when somebody scrapes. Names and help texts are in metrics/catalogue.ts.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Transition } from '../core/circuit/state.js';
import type { Dropped, Observer, RetryCause, TraceMatch } from '../core/observer.js';
import type { AnswerReason, RefusalReason, RetryResult, Role } from '../core/reasons.js';
import { ROLES } from '../core/reasons.js';
import type { AttemptRecord, RequestRecord } from '../core/record.js';
import { FAULT_REASONS, type FaultReason } from './faults.js';
import { Buckets } from './metrics/buckets.js';
import { METRICS, MISNAMED_DEFAULTS } from './metrics/catalogue.js';
import { ClusterCounters } from './metrics/cluster-counters.js';
import { Exposition, type Sample } from './metrics/exposed.js';
import { Cells, Grid } from './metrics/grid.js';
import { Labelled } from './metrics/labels.js';
import { Reroutes } from './metrics/reroutes.js';
import { budgets, circuitStates, type GaugeSources, openStreams } from './metrics/sources.js';

export type { GaugeSources } from './metrics/sources.js';

/** `rejected`: the file had errors and changed nothing. */
export type ReloadResult = 'applied' | 'rejected';

export interface MetricsOptions {
  /** Version of Sluice, for `sluice_build_info`. */
  readonly version: string;
  /** Cluster names with series of their own; the rest is counted under `_other`. Default: 1000. */
  readonly clusterLimit?: number;
  /** Node's own process metrics as well. Default: true. */
  readonly processMetrics?: boolean;
}

const DEFAULT_CLUSTER_LIMIT = 1000;
const MS_PER_SECOND = 1000;

const TRACE_TYPES = ['attempt', 'request'] as const;
const TRACE_MATCHES = ['settled', 'known', 'unmatched', 'untagged'] as const satisfies readonly TraceMatch[];
const DROPPED = ['session', 'cluster', 'record'] as const satisfies readonly Dropped[];
const RELOAD_RESULTS = ['applied', 'rejected'] as const satisfies readonly ReloadResult[];

export class Metrics implements Observer {
  private readonly registry = new Registry();
  private readonly clusterLimit: number;
  private readonly clusters: Labelled<ClusterCounters>;
  private readonly reroutes: Reroutes;
  private readonly decisions: Readonly<Record<Role, Buckets>> = decisionBuckets();
  private readonly trace = new Cells(new Grid(['type', TRACE_TYPES], ['match', TRACE_MATCHES]));
  private readonly lost = new Cells(new Grid(['reason', DROPPED]));
  private readonly faults = new Cells(new Grid(['reason', FAULT_REASONS]));
  private readonly reloads = new Cells(new Grid(['result', RELOAD_RESULTS]));
  private logLines = 0;
  private sources: GaugeSources | null = null;

  constructor(options: MetricsOptions) {
    this.clusterLimit = options.clusterLimit ?? DEFAULT_CLUSTER_LIMIT;
    this.clusters = new Labelled(this.clusterLimit, (label) => new ClusterCounters(label));
    this.reroutes = new Reroutes(this.clusterLimit);
    this.expose(options.version);
    if (options.processMetrics ?? true) this.addProcessMetrics();
  }

  /** Where the gauges are read from; before this is called they have no value. */
  readFrom(sources: GaugeSources): void {
    this.sources = sources;
  }

  decided(record: RequestRecord): void {
    this.clusters.of(record.cluster).requests.add(record.decision);
    if (record.decision === 'reroute') this.reroutes.decided(record);
  }

  answered(_record: RequestRecord, cluster: string, reason: AnswerReason): void {
    this.clusters.of(cluster).shortCircuits.add(reason);
  }

  attemptSettled(record: RequestRecord, attempt: AttemptRecord): void {
    const counters = this.clusters.of(attempt.cluster === '' ? record.cluster : attempt.cluster);
    counters.attempts.add(attempt.stage, attempt.outcome);
    // An interruption may come after the attempt was settled by its headers, which were measured then.
    if (attempt.durationMs !== null && attempt.stage !== 'body') {
      counters.observeAttempt(attempt.durationMs / MS_PER_SECOND);
    }
    if (record.decision === 'reroute') this.reroutes.settled(record, attempt);
  }

  retry(cluster: string, result: RetryResult, reason: RetryCause | RefusalReason): void {
    this.clusters.of(cluster).retries.add(result, reason);
  }

  shadowed(cluster: string, decision: 'short_circuit' | 'retry', reason: AnswerReason | RefusalReason): void {
    this.clusters.of(cluster).shadow.add(decision, reason);
  }

  transition({ cluster, from, to, reason }: Transition): void {
    this.clusters.of(cluster).transitions.add(from, to, reason);
  }

  traceEntry(type: 'attempt' | 'request', match: TraceMatch): void {
    this.trace.add(type, match);
  }

  /** Everything about a request is counted before its end. */
  finished(): void {}

  dropped(what: Dropped): void {
    this.lost.add(what);
  }

  fault(reason: FaultReason): void {
    this.faults.add(reason);
  }

  policyReload(result: ReloadResult): void {
    this.reloads.add(result);
  }

  /** From the arrival of a message to the answer to it, without intended waits. */
  decisionTook(role: Role, durationMs: number): void {
    this.decisions[role].observe(durationMs / MS_PER_SECOND);
  }

  logLinesDropped(lines: number): void {
    this.logLines += lines;
  }

  /** For the `content-type` header of a scrape. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** The text of a scrape. Between two metrics the traffic gets its turn, so that a large scrape delays nobody. */
  async scrape(): Promise<string> {
    const parts: string[] = [];
    for (const { name } of this.registry.getMetricsAsArray()) {
      parts.push(await this.registry.getSingleMetricAsString(name));
      await nextTurn();
    }
    return `${parts.join('\n\n')}\n`;
  }

  private expose(version: string): void {
    const exposition = new Exposition(this.registry, () => this.fault('scrape'));
    this.exposeClusters(exposition);
    this.exposeGauges(exposition, version);
    exposition.histogram('sluice_decision_duration_seconds', () =>
      ROLES.map((role) => ({ labels: { role }, buckets: this.decisions[role] })),
    );
    exposition.counter('sluice_reroutes_total', () => this.reroutes.samples());
    exposition.counter('sluice_trace_entries_total', () => everyCell(this.trace));
    exposition.counter('sluice_dropped_total', () => everyCell(this.lost));
    exposition.counter('sluice_faults_total', () => everyCell(this.faults));
    exposition.counter('sluice_policy_reloads_total', () => everyCell(this.reloads));
    exposition.counter('sluice_log_lines_dropped_total', () => [{ labels: {}, value: this.logLines }]);
    exposition.counter('sluice_label_overflow_total', () => [
      { labels: {}, value: this.clusters.overflowed + this.reroutes.overflowed },
    ]);
  }

  private exposeClusters(exposition: Exposition): void {
    // All decisions and reasons of a cluster start at 0, so that a rate sees the first one: alerts are built on these.
    exposition.counter('sluice_requests_total', () => this.perCluster((c) => c.requests, true));
    exposition.counter('sluice_short_circuits_total', () => this.perCluster((c) => c.shortCircuits, true));
    exposition.counter('sluice_attempts_total', () => this.perCluster((c) => c.attempts, false));
    exposition.counter('sluice_retries_total', () => this.perCluster((c) => c.retries, false));
    exposition.counter('sluice_circuit_transitions_total', () => this.perCluster((c) => c.transitions, false));
    exposition.counter('sluice_shadow_total', () => this.perCluster((c) => c.shadow, false));
    exposition.histogram('sluice_attempt_duration_seconds', () =>
      this.clusters.all().flatMap(({ label, durations }) => {
        return durations === null ? [] : [{ labels: { cluster: label }, buckets: durations }];
      }),
    );
  }

  private exposeGauges(exposition: Exposition, version: string): void {
    const limit = this.clusterLimit;
    exposition.gauge('sluice_circuit_state', () => (this.sources ? circuitStates(this.sources, limit) : []));
    exposition.gauge('sluice_retry_budget_remaining', () => (this.sources ? budgets(this.sources, limit) : []));
    exposition.gauge('sluice_streams', () => (this.sources ? openStreams(this.sources) : []));
    exposition.gauge('sluice_records', () => (this.sources ? [{ labels: {}, value: this.sources.records() }] : []));
    const labels = { version, node: process.version };
    exposition.gauge('sluice_build_info', () => [{ labels, value: 1 }]);
  }

  private perCluster(pick: (counters: ClusterCounters) => { each: Cells<string>['each'] }, all: boolean): Sample[] {
    const samples: Sample[] = [];
    for (const counters of this.clusters.all()) {
      pick(counters).each(all, (labels, value) =>
        samples.push({ labels: { cluster: counters.label, ...labels }, value }),
      );
    }
    return samples;
  }

  private addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED_DEFAULTS) this.registry.removeSingleMetric(name);
  }
}

function decisionBuckets(): Readonly<Record<Role, Buckets>> {
  const { buckets } = METRICS.sluice_decision_duration_seconds;
  return { admission: new Buckets(buckets), gate: new Buckets(buckets), judge: new Buckets(buckets) };
}

function everyCell(cells: { each: Cells<string>['each'] }): Sample[] {
  const samples: Sample[] = [];
  cells.each(true, (labels, value) => samples.push({ labels, value }));
  return samples;
}
