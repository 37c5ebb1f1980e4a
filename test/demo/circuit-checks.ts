// The checks of the circuits: that they went through their states in the only order there is, for the reasons that the
// demo gave them, and that what changed for the requests changed with them.

import type { TransitionView } from '../support/views.js';
import type { Check, Evidence } from './checks.js';
import { percent } from './events.js';

/** Half of them: what policy.yaml asks for. */
const OPENS_AT = 0.5;

export const circuitChecks: readonly Check[] = [
  {
    what: 'the circuit of primary opened on evidence',
    proof: (evidence) => {
      const first = transitions(evidence, 'primary')[0];
      if (first?.from !== 'closed' || first.to !== 'open' || !counted(evidence, first)) return null;
      const enough = first.reason === 'failure_ratio' && first.failureRatio >= OPENS_AT;
      return enough ? `${first.failures} of ${first.requests} failed (${percent(first.failureRatio)})` : null;
    },
  },
  {
    what: 'a probe failed while primary was dead, and the circuit stayed open for longer',
    proof: (evidence) => {
      const opened = transitions(evidence, 'primary').filter(({ to }) => to === 'open');
      const [first, again] = opened;
      if (first === undefined || again?.reason !== 'probe_failed' || !counted(evidence, again)) return null;
      return openMs(again) > openMs(first) ? `${openMs(first)} ms, then ${openMs(again)} ms` : null;
    },
  },
  {
    what: 'the circuit of primary went closed, open, half_open and back to closed, in that order',
    proof: (evidence) => {
      const all = transitions(evidence, 'primary');
      if (!isRoundTrip(all) || !all.every((transition) => counted(evidence, transition))) return null;
      return ['closed', ...all.map(({ to }) => to)].join(' ');
    },
  },
  {
    what: 'after that, primary answered its requests again',
    proof: (evidence) => {
      const closed = transitions(evidence, 'primary').find(({ to }) => to === 'closed');
      if (closed === undefined) return null;
      const after = evidence.requests.find(
        ({ cluster, decision, startedAt, path }) =>
          cluster === 'primary' &&
          decision === 'admit' &&
          Date.parse(startedAt) > Date.parse(closed.at) &&
          evidence.answers.get(path)?.status === 200 &&
          evidence.received('primary', path) === 1,
      );
      return after === undefined ? null : `${after.method} ${after.path}`;
    },
  },
  {
    what: 'an upstream that only answers slowly had its circuit opened for that',
    proof: (evidence) => {
      const opened = transitions(evidence, 'slow').find(({ reason }) => reason === 'slow_ratio');
      const shorted = evidence.metrics.metric('sluice_short_circuits_total', { cluster: 'slow' });
      if (opened === undefined || !counted(evidence, { ...opened, cluster: 'slow' }) || shorted === 0) return null;
      return `${percent(opened.slowRatio)} of ${opened.requests} slow`;
    },
  },
];

function transitions(evidence: Evidence, cluster: string): readonly (TransitionView & { readonly cluster: string })[] {
  const circuit = evidence.circuits.find((candidate) => candidate.cluster === cluster);
  return (circuit?.transitions ?? []).map((transition) => ({ ...transition, cluster }));
}

function counted(
  { metrics }: Evidence,
  { cluster, from, to, reason }: Pick<TransitionView, 'from' | 'to' | 'reason'> & { readonly cluster: string },
): boolean {
  return metrics.metric('sluice_circuit_transitions_total', { cluster, from, to, reason }) > 0;
}

function openMs({ at, retryAt }: TransitionView): number {
  return retryAt === null ? 0 : Date.parse(retryAt) - Date.parse(at);
}

/** closed -> open -> half_open (-> open -> half_open)* -> closed, without a gap. */
export function isRoundTrip(all: readonly Pick<TransitionView, 'from' | 'to'>[]): boolean {
  const states = [all[0]?.from, ...all.map(({ to }) => to)];
  const gapless = all.every(({ from }, index) => from === states[index]);
  return gapless && /^closed,(open,half_open,)+closed$/.test(states.join(','));
}
