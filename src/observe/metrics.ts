// Counts for Prometheus. The methods that traffic calls add to plain numbers; labels and text come in when
// somebody scrapes. Names and help texts are in metrics/catalogue.ts; Node's own metrics are prom-client's.

import type { Transition } from '../core/circuit/state.js';
import type { Dropped, Observer, RetryCause, ShadowDecision, TraceMatch } from '../core/observer.js';
import type { AnswerReason, RefusalReason, RetryResult, Role } from '../core/reasons.js';
import { ROLES } from '../core/reasons.js';
import type { AttemptRecord, RequestRecord } from '../core/record.js';
import type { Validity } from '../server/tls/validity.js';
import { DISTURBANCES, type Disturbance } from './disturbances.js';
import { FAULT_REASONS, type FaultReason } from './faults.js';
import { DROPPED_WATCHERS, type DroppedWatcher } from './live/dropped.js';
import { Buckets } from './metrics/buckets.js';
import { METRICS, type MetricName } from './metrics/catalogue.js';
import { Certificates, type TlsFile } from './metrics/certificates.js';
import { ClusterColumns, ClusterCounters } from './metrics/cluster-counters.js';
import { Exposition, histogramSamples, type Sample } from './metrics/exposed.js';
import { CONTENT_TYPES, type ScrapeFormat } from './metrics/format.js';
import { Cells, Grid } from './metrics/grid.js';
import { Labelled } from './metrics/labels.js';
import { processMetrics } from './metrics/process.js';
import { Reroutes } from './metrics/reroutes.js';
import { budgets, circuitStates, type GaugeSources, openStreams } from './metrics/sources.js';
import { label, labels } from './metrics/text.js';
import { type PortRefusal, REFUSALS } from './refusals.js';
import { STATE_LOADS, STATE_SAVES, type StateLoad, type StateSave } from './state.js';

export type { GaugeSources } from './metrics/sources.js';

/** `rejected`: the file had errors and changed nothing. */
export type ReloadResult = 'applied' | 'rejected';

export interface MetricsOptions {
  /** Version of Sluice, for `sluice_build_info`. */
  readonly version: string;
  /** Clusters and targets with series of their own; the rest is counted under `_other`. Default: 1000. */
  readonly clusterLimit?: number;
  /** Node's own process metrics as well. Default: true. */
  readonly processMetrics?: boolean;
  /** Milliseconds since the epoch, for exemplars. Default: Date.now. */
  readonly wallClock?: () => number;
}

const DEFAULT_CLUSTER_LIMIT = 1000;
const MS_PER_SECOND = 1000;

const TRACE_TYPES = ['attempt', 'request'] as const;
const TRACE_MATCHES = ['settled', 'known', 'early', 'unmatched', 'untagged'] as const satisfies readonly TraceMatch[];
const DROPPED = ['session', 'evidence', 'cluster', 'route', 'record'] as const satisfies readonly Dropped[];
const RELOAD_RESULTS = ['applied', 'rejected'] as const satisfies readonly ReloadResult[];

export class Metrics implements Observer {
  private readonly exposition = new Exposition(() => this.fault('scrape'));
  private readonly wallClock: () => number;
  private readonly clusterLimit: number;
  private readonly clusters: Labelled<ClusterCounters>;
  private readonly reroutes: Reroutes;
  private readonly decisions: Readonly<Record<Role, Buckets>> = decisionBuckets();
  private readonly trace = new Cells(new Grid(['type', TRACE_TYPES], ['match', TRACE_MATCHES]));
  private readonly lost = new Cells(new Grid(['reason', DROPPED]));
  private readonly refusals = new Cells(new Grid(['reason', REFUSALS]));
  private readonly faults = new Cells(new Grid(['reason', FAULT_REASONS]));
  private readonly disturbances = new Cells(new Grid(['reason', DISTURBANCES]));
  private readonly reloads = new Cells(new Grid(['result', RELOAD_RESULTS]));
  private readonly tlsReloads = new Cells(new Grid(['result', RELOAD_RESULTS]));
  private readonly certificates = new Certificates();
  private readonly stateLoads = new Cells(new Grid(['result', STATE_LOADS]));
  private readonly stateSaves = new Cells(new Grid(['result', STATE_SAVES]));
  private readonly watchersLost = new Cells(new Grid(['reason', DROPPED_WATCHERS]));
  private readonly traceLag = new Buckets(METRICS.sluice_trace_lag_seconds.buckets);
  /** It starts with a file that was read. */
  private policyOk = true;
  private logLines = 0;
  private watching = 0;
  private sources: GaugeSources | null = null;

  constructor(options: MetricsOptions) {
    this.clusterLimit = options.clusterLimit ?? DEFAULT_CLUSTER_LIMIT;
    const columns = new ClusterColumns();
    this.clusters = new Labelled(this.clusterLimit, (labels) => new ClusterCounters(labels, columns));
    this.reroutes = new Reroutes(this.clusterLimit);
    this.wallClock = options.wallClock ?? Date.now;
    this.exposeClusters();
    this.exposeOthers();
    this.exposeGauges(options.version);
    if (options.processMetrics ?? true) this.exposition.addMany(processMetrics());
  }

  /** Where the gauges are read from; before this is called they have no value. */
  readFrom(sources: GaugeSources): void {
    this.sources = sources;
  }

  decided(record: RequestRecord): void {
    this.clusters.of(record.cluster, record.target).addRequest(record.decision);
    if (record.decision === 'reroute') this.reroutes.decided(record);
  }

  answered(record: RequestRecord, cluster: string, reason: AnswerReason, target: string | null = null): void {
    this.clusters.of(cluster, target).shortCircuits.addOf(record.id, this.wallClock(), reason);
  }

  attemptSettled(record: RequestRecord, attempt: AttemptRecord): void {
    const { cluster, target } = attempt.cluster === '' ? record : attempt;
    const counters = this.clusters.of(cluster, target);
    counters.addAttempt(attempt.stage, attempt.outcome);
    // An interruption may come after the attempt was settled by its headers, which were measured then.
    if (attempt.durationMs !== null && attempt.stage !== 'body') {
      counters.observeAttempt(attempt.durationMs / MS_PER_SECOND, record.id, this.wallClock());
    }
    if (record.decision === 'reroute') this.reroutes.settled(record, attempt);
  }

  retry(
    cluster: string,
    result: RetryResult,
    reason: RetryCause | RefusalReason,
    target: string | null,
    record: RequestRecord,
  ): void {
    this.clusters.of(cluster, target).retries.addOf(record.id, this.wallClock(), result, reason);
  }

  shadowed(
    cluster: string,
    decision: ShadowDecision,
    reason: AnswerReason | RetryCause,
    target: string | null = null,
  ): void {
    this.clusters.of(cluster, target).shadow.add(decision, reason);
  }

  /** Told by the log, and by reroutes that are not counted. */
  rerouteIgnored(): void {}

  transition({ cluster, target, from, to, reason }: Transition): void {
    this.clusters.of(cluster, target).transitions.add(from, to, reason);
  }

  traceEntry(type: 'attempt' | 'request', match: TraceMatch): void {
    this.trace.add(type, match);
  }

  /** Milliseconds since the epoch, by Envoy's clock; one that is ahead of ours says nothing and is left out. */
  traceArrived(endedAtMs: number): void {
    this.traceLag.observe((this.wallClock() - endedAtMs) / MS_PER_SECOND);
  }

  /** Everything about a request is counted before its end. */
  finished(): void {}

  dropped(what: Dropped): void {
    this.lost.add(what);
  }

  refused(reason: PortRefusal): void {
    this.refusals.add(reason);
  }

  fault(reason: FaultReason): void {
    this.faults.add(reason);
  }

  disturbed(reason: Disturbance): void {
    this.disturbances.add(reason);
  }

  policyReload(result: ReloadResult): void {
    this.reloads.add(result);
    this.policyOk = result === 'applied';
  }

  tlsReload(result: ReloadResult): void {
    this.tlsReloads.add(result);
  }

  tlsInUse(file: TlsFile, validity: Validity): void {
    this.certificates.use(file, validity);
  }

  stateLoad(result: StateLoad): void {
    this.stateLoads.add(result);
  }

  stateSave(result: StateSave): void {
    this.stateSaves.add(result);
  }

  /** From the arrival of a message to the answer to it, without intended waits. */
  decisionTook(role: Role, durationMs: number): void {
    this.decisions[role].observe(durationMs / MS_PER_SECOND);
  }

  logLinesDropped(lines: number): void {
    this.logLines += lines;
  }

  /** How many watch /events now. */
  watchers(count: number): void {
    this.watching = count;
  }

  watcherDropped(reason: DroppedWatcher): void {
    this.watchersLost.add(reason);
  }

  /** For the `content-type` header of a scrape. */
  contentType(format: ScrapeFormat): string {
    return CONTENT_TYPES[format];
  }

  /** The text of a scrape. The traffic has its turns in between, so that a large scrape delays nobody. */
  scrape(format: ScrapeFormat = 'text'): Promise<string> {
    return this.exposition.text(format);
  }

  private add(name: MetricName, read: () => Iterable<Sample>): void {
    this.exposition.add({ name, ...METRICS[name] }, read);
  }

  private addPerCluster(name: MetricName, read: ReadCluster): void {
    this.add(name, () => this.perCluster(read));
  }

  private exposeClusters(): void {
    // All decisions and reasons of a cluster start at 0, so that a rate sees the first one: alerts are built on these.
    this.addPerCluster('sluice_requests_total', (of, labels) => of.requests(labels, 'all'));
    this.addPerCluster('sluice_short_circuits_total', (of, labels) => of.shortCircuits.samples(labels, 'all'));
    this.addPerCluster('sluice_attempts_total', (of, labels) => of.attempts(labels, 'counted'));
    this.addPerCluster('sluice_retries_total', (of, labels) => of.retries.samples(labels, 'counted'));
    this.addPerCluster('sluice_circuit_transitions_total', (of, labels) => of.transitions.samples(labels, 'counted'));
    this.addPerCluster('sluice_shadow_total', (of, labels) => of.shadow.samples(labels, 'counted'));
    this.addPerCluster('sluice_attempt_duration_seconds', (of) => of.durations());
    this.add('sluice_reroutes_total', () => this.reroutes.samples());
  }

  private exposeOthers(): void {
    this.add('sluice_decision_duration_seconds', () =>
      ROLES.flatMap((role) => histogramSamples(label('role', role), this.decisions[role])),
    );
    this.add('sluice_trace_entries_total', () => this.trace.samples('', 'all'));
    this.add('sluice_trace_lag_seconds', () => histogramSamples('', this.traceLag));
    this.add('sluice_dropped_total', () => this.lost.samples('', 'all'));
    this.add('sluice_refused_total', () => this.refusals.samples('', 'all'));
    this.add('sluice_faults_total', () => this.faults.samples('', 'all'));
    this.add('sluice_disturbances_total', () => this.disturbances.samples('', 'all'));
    this.add('sluice_policy_ok', () => single(this.policyOk ? 1 : 0));
    this.add('sluice_policy_reloads_total', () => this.reloads.samples('', 'all'));
    this.add('sluice_tls_reloads_total', () => this.tlsReloads.samples('', 'all'));
    this.add('sluice_tls_certificate_expiration_timestamp_seconds', () => this.certificates.samples('untilMs'));
    this.add('sluice_tls_certificate_not_before_timestamp_seconds', () => this.certificates.samples('fromMs'));
    this.add('sluice_state_loads_total', () => this.stateLoads.samples('', 'all'));
    this.add('sluice_state_saves_total', () => this.stateSaves.samples('', 'all'));
    this.add('sluice_watchers', () => single(this.watching));
    this.add('sluice_watchers_dropped_total', () => this.watchersLost.samples('', 'all'));
    this.add('sluice_log_lines_dropped_total', () => single(this.logLines));
    this.add('sluice_label_overflow_total', () => single(this.clusters.overflowed + this.reroutes.overflowed));
  }

  private exposeGauges(version: string): void {
    const { clusterLimit } = this;
    const from = (read: (sources: GaugeSources) => Iterable<Sample>) => () => (this.sources ? read(this.sources) : []);
    this.add(
      'sluice_circuit_state',
      from((sources) => circuitStates(sources, clusterLimit)),
    );
    this.add(
      'sluice_retry_budget_remaining',
      from((sources) => budgets(sources, clusterLimit)),
    );
    this.add('sluice_streams', from(openStreams));
    this.add(
      'sluice_sessions',
      from((sources) => single(sources.sessions())),
    );
    this.add(
      'sluice_records',
      from((sources) => single(sources.records())),
    );
    this.add('sluice_build_info', () => [{ labels: labels({ version, node: process.version }), value: 1 }]);
  }

  private *perCluster(read: ReadCluster): Generator<Sample> {
    for (const counters of this.clusters.all()) yield* read(counters, `${counters.text},`);
  }
}

/** `labels`: of the cluster, with a comma at the end, to put before those of its samples. */
type ReadCluster = (counters: ClusterCounters, labels: string) => Iterable<Sample>;

function single(value: number): Sample[] {
  return [{ labels: '', value }];
}

function decisionBuckets(): Readonly<Record<Role, Buckets>> {
  const { buckets } = METRICS.sluice_decision_duration_seconds;
  return { admission: new Buckets(buckets), gate: new Buckets(buckets), judge: new Buckets(buckets) };
}
