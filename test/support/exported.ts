// The metrics that Sluice can export, by the catalogue: what rules and dashboards may ask for.

import * as reasons from '../../src/core/reasons.js';
import { FAULT_REASONS } from '../../src/observe/faults.js';
import { METRICS, type MetricEntry } from '../../src/observe/metrics/catalogue.js';
import { asked } from './promql.js';

const ENTRIES: Readonly<Record<string, MetricEntry>> = METRICS;

/** Words that a label may have; a label that is not here may have any. */
const WORDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  sluice_requests_total: { decision: reasons.DECISIONS },
  sluice_attempts_total: { stage: reasons.STAGES, outcome: reasons.OUTCOMES },
  sluice_retries_total: {
    result: reasons.RETRY_RESULTS,
    reason: [...reasons.ERROR_KINDS, ...reasons.REFUSAL_REASONS],
  },
  sluice_circuit_state: { state: reasons.CIRCUIT_STATES },
  sluice_circuit_transitions_total: {
    from: reasons.CIRCUIT_STATES,
    to: reasons.CIRCUIT_STATES,
    reason: reasons.TRANSITION_REASONS,
  },
  sluice_short_circuits_total: { reason: reasons.ANSWER_REASONS },
  sluice_decision_duration_seconds: { role: reasons.ROLES },
  sluice_streams: { role: reasons.ROLES },
  sluice_faults_total: { reason: FAULT_REASONS },
  sluice_tls_certificate_expiration_timestamp_seconds: { file: ['cert', 'client_ca'] },
  sluice_policy_reloads_total: { result: ['applied', 'rejected'] },
  sluice_trace_entries_total: {
    type: ['attempt', 'request'],
    match: ['settled', 'known', 'early', 'unmatched', 'untagged'],
  },
};

const SCRAPE_LABELS = ['job', 'instance'];

/**
 * What an expression asks of Sluice that Sluice does not have, in words; [] where all is well. Metrics of others are left to
 * others: `isForeign` names them.
 */
export function unknownIn(expr: string, isForeign: (metric: string) => boolean): string[] {
  const { metrics, values } = asked(expr);
  const problems: string[] = [];
  for (const [metric, labels] of metrics) {
    if (isForeign(metric)) continue;
    const allowed = labelsOf(metric);
    if (allowed === null) problems.push(`${metric} is not exported`);
    else for (const label of labels) if (!allowed.has(label)) problems.push(`${metric} has no label ${label}`);
  }
  for (const [metric, label, value] of values) {
    const words = WORDS[baseOf(metric)]?.[label];
    if (words !== undefined && !words.includes(value)) problems.push(`${metric}: ${label} is never ${value}`);
  }
  return problems;
}

/** null: there is no such series. */
function labelsOf(series: string): ReadonlySet<string> | null {
  const entry = ENTRIES[series] ?? ENTRIES[baseOf(series)];
  if (entry === undefined || (entry.type === 'histogram') !== (baseOf(series) !== series)) return null;
  return new Set([
    ...SCRAPE_LABELS,
    ...entry.labels,
    ...(entry.byTarget ? ['target'] : []),
    ...(series.endsWith('_bucket') ? ['le'] : []),
  ]);
}

function baseOf(series: string): string {
  const base = series.replace(/_(?:bucket|sum|count)$/, '');
  return base in ENTRIES ? base : series;
}
