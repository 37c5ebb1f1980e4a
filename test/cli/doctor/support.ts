// A patient in good health, to be made ill in one way at a time.

import { figures } from '../../../src/cli/doctor/figures.js';
import type { Counted, Examined, Finding } from '../../../src/cli/doctor/finding.js';

type Figures = Readonly<Record<string, number>>;

const ENVOY: Figures = {
  'http.ingress.downstream_rq_total': 100,
  'http.admin.downstream_rq_total': 7,
  'http.ingress.ext_proc.streams_started': 100,
  'http.ingressext_proc.streams_started': 4,
  'cluster.flaky.ext_proc.streams_started': 20,
  'cluster.flaky.upstream_rq_retry': 4,
  'cluster.sluice.membership_total': 1,
  'cluster.sluice.upstream_cx_total': 1,
  'cluster.sluice.upstream_cx_active': 1,
};

const SLUICE: Figures = {
  'sluice_decision_duration_seconds_count{role="admission"}': 200,
  'sluice_trace_entries_total{type="attempt",match="settled"}': 4,
  'sluice_trace_entries_total{type="attempt",match="known"}': 96,
  'sluice_trace_entries_total{type="request",match="known"}': 100,
  sluice_trace_lag_seconds_sum: 8,
  sluice_trace_lag_seconds_count: 100,
};

export interface Illness {
  /** Counted while the doctor looked on, on top of what a healthy one counts. */
  readonly envoy?: Figures;
  readonly sluice?: Figures;
  /** Counted before, by either. */
  readonly before?: { readonly envoy?: Figures; readonly sluice?: Figures };
  /** Nothing was counted while the doctor looked on: all of it was before. */
  readonly quiet?: boolean;
  readonly facts?: Partial<Examined>;
}

export function examined({ envoy = {}, sluice = {}, before = {}, quiet = false, facts = {} }: Illness = {}): Examined {
  return {
    wiring: {
      roles: ['admission', 'gate', 'judge'],
      withoutRole: 0,
      clusters: ['sluice'],
      logs: { attempts: true, requests: true },
      unguarded: [],
    },
    envoy: counted({ ...ENVOY, ...envoy }, before.envoy ?? {}, quiet),
    sluice: counted({ ...SLUICE, ...sluice }, before.sluice ?? {}, quiet),
    version: '1.40.0',
    state: 'LIVE',
    graceful: true,
    ready: true,
    judged: [
      { cluster: 'flaky', judge: true },
      { cluster: 'primary', judge: false },
    ],
    ...facts,
  };
}

function counted(now: Figures, before: Figures, quiet: boolean): Counted {
  const ever = new Map(Object.entries(now));
  for (const [name, value] of Object.entries(before)) ever.set(name, value + (ever.get(name) ?? 0));
  const nothing = Object.keys(now).map((name): [string, number] => [name, 0]);
  return { now: figures(new Map(quiet ? nothing : Object.entries(now))), ever: figures(ever) };
}

export function of(findings: readonly Finding[], check: string): Finding {
  const found = findings.find((finding) => finding.check === check);
  if (found === undefined) throw new Error(`no finding of ${check}`);
  return found;
}
