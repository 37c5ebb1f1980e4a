// All that is counted for one cluster, or one of its targets. One lookup by name per event finds it; after that every count is an index.

import {
  ANSWER_REASONS,
  CIRCUIT_STATES,
  DECISIONS,
  type Decision,
  ERROR_KINDS,
  OUTCOMES,
  type Outcome,
  REFUSAL_REASONS,
  RETRY_RESULTS,
  STAGES,
  type Stage,
  TRANSITION_REASONS,
} from '../../core/reasons.js';
import { bucketOf } from './buckets.js';
import { METRICS } from './catalogue.js';
import { Exemplars } from './exemplars.js';
import { histogramSamples, type Sample } from './exposed.js';
import { Cells, Grid, samplesOf, type Which } from './grid.js';
import { Rows } from './rows.js';

/** The two families share words (`cancelled`); each word is one label value. */
const RETRY_REASONS = [...new Set([...ERROR_KINDS, ...REFUSAL_REASONS])];
const SHADOW_DECISIONS = ['short_circuit', 'retry'] as const;
const SHADOW_REASONS = [...new Set([...ANSWER_REASONS, ...ERROR_KINDS])];

const REQUESTS = new Grid(['decision', DECISIONS]);
const ATTEMPTS = new Grid(['stage', STAGES], ['outcome', OUTCOMES]);
const RETRIES = new Grid(['result', RETRY_RESULTS], ['reason', RETRY_REASONS]);
const SHORT_CIRCUITS = new Grid(['reason', ANSWER_REASONS]);
const SHADOW = new Grid(['decision', SHADOW_DECISIONS], ['reason', SHADOW_REASONS]);
const TRANSITIONS = new Grid(['from', CIRCUIT_STATES], ['to', CIRCUIT_STATES], ['reason', TRANSITION_REASONS]);

const { buckets: BOUNDS } = METRICS.sluice_attempt_duration_seconds;
const BUCKETS = BOUNDS.length + 1;

/** Where things are in a row: what every request counts, and nothing else. */
const ATTEMPTS_AT = REQUESTS.labels.length;
const SUM_AT = ATTEMPTS_AT + ATTEMPTS.labels.length;
const BUCKETS_AT = SUM_AT + 1;
const ROW = BUCKETS_AT + BUCKETS;

/** What the counters of all clusters share. */
export class ClusterColumns {
  readonly counts = new Rows();
  /** By bucket of the durations. */
  readonly exemplars = new Exemplars();
}

export class ClusterCounters {
  /** The labels of the cluster, and of the target if it is one, as the scrape writes them. */
  readonly text: string;
  readonly retries = new Cells(RETRIES);
  readonly shortCircuits = new Cells(SHORT_CIRCUITS);
  readonly shadow = new Cells(SHADOW);
  readonly transitions = new Cells(TRANSITIONS);
  private readonly counts: Rows;
  private readonly exemplars: Exemplars;
  private readonly row: number;
  private readonly firstExemplar: number;

  constructor(text: string, { counts, exemplars }: ClusterColumns) {
    this.text = text;
    this.counts = counts;
    this.exemplars = exemplars;
    this.row = counts.reserve(ROW);
    this.firstExemplar = exemplars.reserve(BUCKETS);
  }

  addRequest(decision: Decision): void {
    this.counts.increase(this.row + REQUESTS.cell(decision), 1);
  }

  addAttempt(stage: Stage, outcome: Outcome): void {
    this.counts.increase(this.row + ATTEMPTS_AT + ATTEMPTS.cell(stage, outcome), 1);
  }

  observeAttempt(seconds: number, id: string, atMs: number): void {
    const bucket = bucketOf(BOUNDS, seconds);
    if (bucket < 0) return;
    this.counts.increase(this.row + SUM_AT, seconds);
    this.counts.increase(this.row + BUCKETS_AT + bucket, 1);
    this.exemplars.keep(this.firstExemplar + bucket, id, seconds, atMs);
  }

  /** `before`: see `samplesOf`. */
  requests(before: string, which: Which): Iterable<Sample> {
    return samplesOf(REQUESTS, before, which, (cell) => this.counts.at(this.row + cell));
  }

  attempts(before: string, which: Which): Iterable<Sample> {
    return samplesOf(ATTEMPTS, before, which, (cell) => this.counts.at(this.row + ATTEMPTS_AT + cell));
  }

  /** Nothing before the first attempt with a known duration. */
  durations(): readonly Sample[] {
    const counts = this.counts.slice(this.row + BUCKETS_AT, this.row + ROW);
    if (counts.every((count) => count === 0)) return [];
    const sum = this.counts.at(this.row + SUM_AT);
    const exemplar = (bucket: number) => this.exemplars.of(this.firstExemplar + bucket);
    return histogramSamples(this.text, { bounds: BOUNDS, counts, sum }, exemplar);
  }
}
