// At a glance: does it go well, and what does Sluice do about it?

import type { Row } from '../panel.js';
import { NAME, rate, total } from '../queries.js';
import { CLUSTER, JOB } from '../variables.js';

export const OVERVIEW: Row = {
  title: 'Overview',
  panels: [
    {
      type: 'stat',
      title: 'Attempts that succeed',
      description: 'Share of the attempts that say something about the upstream and say it is well.',
      unit: 'percentunit',
      thresholds: { orange: 0.99, red: 0.95 },
      queries: [
        {
          expr: `${total('sluice_attempts_total', ', outcome="success"')} / ${total('sluice_attempts_total', ', outcome=~"success|failure"')}`,
        },
      ],
    },
    {
      type: 'stat',
      title: 'Attempts per request',
      description: '1 without retries. What is above 1 is the load that retries add; a budget keeps it small.',
      unit: 'short',
      thresholds: { orange: 1.1, red: 1.3 },
      queries: [
        {
          expr: `${total('sluice_attempts_total')} / ${total('sluice_requests_total', ', decision=~"admit|reroute"')}`,
        },
      ],
    },
    {
      type: 'stat',
      title: 'Requests answered 503',
      description: 'Share of the requests that Sluice answered at once, as no cluster admitted them.',
      unit: 'percentunit',
      thresholds: { orange: 0.001, red: 0.05 },
      queries: [
        {
          expr: `${total('sluice_requests_total', ', decision="short_circuit"')} / ${total('sluice_requests_total')}`,
        },
      ],
    },
    {
      type: 'stat',
      title: 'Circuits not closed',
      description: 'Counted over all sidecars: open, half open, recovering or forced open.',
      unit: 'short',
      thresholds: { orange: 1, red: 5 },
      queries: [
        {
          expr: `count(sluice_circuit_state{${CLUSTER}, state=~"open|half_open|recovering|forced_open"} == 1) or vector(0)`,
        },
      ],
    },
    {
      type: 'stat',
      title: 'Requests saved',
      description: 'Per second: those that failed at first and succeeded by a retry.',
      unit: 'reqps',
      queries: [{ expr: `${total('sluice_retries_total', ', result="saved"')} or vector(0)` }],
    },
    {
      type: 'stat',
      title: 'Sidecars',
      description: 'How many report, by version. More than one version for long: a rollout that is stuck.',
      unit: 'short',
      queries: [{ expr: `count by (version) (sluice_build_info{${JOB}})`, legend: '{{version}}' }],
    },
    {
      type: 'timeseries',
      title: 'Requests by decision',
      description:
        'What admission decided: admit, reroute to a fallback, short_circuit (503), unmanaged (nothing to decide).',
      unit: 'reqps',
      width: 12,
      stacked: true,
      queries: [{ expr: rate('sluice_requests_total', 'decision'), legend: '{{decision}}' }],
    },
    {
      type: 'timeseries',
      title: 'Requests by cluster',
      description: 'By the cluster that Envoy routed to, whatever was decided then.',
      unit: 'reqps',
      width: 12,
      queries: [{ expr: rate('sluice_requests_total', 'cluster, target'), legend: NAME }],
    },
  ],
};
