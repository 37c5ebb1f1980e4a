// All that is counted for one cluster, or one of its targets. One lookup by name per event finds it; after that every count is an index.

import {
  ANSWER_REASONS,
  CIRCUIT_STATES,
  DECISIONS,
  ERROR_KINDS,
  OUTCOMES,
  REFUSAL_REASONS,
  RETRY_RESULTS,
  STAGES,
  TRANSITION_REASONS,
} from '../../core/reasons.js';
import { Buckets } from './buckets.js';
import { METRICS } from './catalogue.js';
import { Cells, Grid } from './grid.js';

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

export class ClusterCounters {
  /** The labels of the cluster, and of the target if it is one, as the scrape writes them. */
  readonly text: string;
  readonly requests = new Cells(REQUESTS);
  readonly attempts = new Cells(ATTEMPTS);
  readonly retries = new Cells(RETRIES);
  readonly shortCircuits = new Cells(SHORT_CIRCUITS);
  readonly shadow = new Cells(SHADOW);
  readonly transitions = new Cells(TRANSITIONS);
  /** null until the first attempt with a known duration. */
  durations: Buckets | null = null;

  constructor(text: string) {
    this.text = text;
  }

  observeAttempt(seconds: number, id: string, atMs: number): void {
    this.durations ??= new Buckets(METRICS.sluice_attempt_duration_seconds.buckets);
    this.durations.observeOf(seconds, id, atMs);
  }
}
