// What clients of a sick cluster get instead of it.

import type { Row } from '../panel.js';
import { IN, NAME, rate } from '../queries.js';
import { JOB } from '../variables.js';

export const REFUSALS: Row = {
  title: 'Short-circuits and reroutes',
  panels: [
    {
      type: 'timeseries',
      title: 'Answered 503 by Sluice',
      description: 'In the place of the upstream, by its cluster: at admission, or by the gate in place of a retry.',
      unit: 'reqps',
      width: 6,
      queries: [{ expr: rate('sluice_short_circuits_total', 'cluster, target'), legend: NAME }],
    },
    {
      type: 'timeseries',
      title: 'Answered 503, by reason',
      description: 'retry_budget and deadline are the gate stopping a retry; the others are circuits.',
      unit: 'reqps',
      width: 6,
      stacked: true,
      queries: [{ expr: rate('sluice_short_circuits_total', 'reason'), legend: '{{reason}}' }],
    },
    {
      type: 'timeseries',
      title: 'Reroutes',
      description: 'Requests sent to a fallback, as the circuit of their own cluster did not admit them.',
      unit: 'reqps',
      width: 6,
      queries: [
        {
          expr: `sum by (from, to) (rate(sluice_reroutes_total{${JOB}, from=~"$cluster"}${IN}))`,
          legend: '{{from}} to {{to}}',
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Shadow: what enforce would have done',
      description: 'For clusters in shadow mode: requests that would have been answered 503, or retried.',
      unit: 'reqps',
      width: 6,
      queries: [
        {
          expr: rate('sluice_shadow_total', 'cluster, target, decision, reason'),
          legend: '{{cluster}} {{target}} {{decision}}: {{reason}}',
        },
      ],
    },
  ],
};
