// How attempts ended and how long they took.

import type { Row } from '../panel.js';
import { IN, NAME, quantile, rate } from '../queries.js';
import { CLUSTER } from '../variables.js';

export const ATTEMPTS: Row = {
  title: 'Attempts',
  panels: [
    {
      type: 'timeseries',
      title: 'By outcome',
      description: 'ignored: cancelled by the client, or answered by Envoy itself; it says nothing of the upstream.',
      unit: 'reqps',
      stacked: true,
      queries: [{ expr: rate('sluice_attempts_total', 'outcome'), legend: '{{outcome}}' }],
    },
    {
      type: 'timeseries',
      title: 'Failures, by stage',
      description:
        'How far they got. connect, tls, before_request: not written, and safe to repeat. unknown: no evidence came.',
      unit: 'reqps',
      stacked: true,
      queries: [
        {
          expr: rate('sluice_attempts_total', 'cluster, target, stage', ', outcome="failure"'),
          legend: '{{cluster}} {{target}}: {{stage}}',
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Cancelled, local and unknown',
      description: 'Attempts that count for nobody. unknown in numbers: the trace is broken.',
      unit: 'reqps',
      queries: [
        { expr: rate('sluice_attempts_total', 'stage', ', stage=~"cancelled|local|unknown"'), legend: '{{stage}}' },
      ],
    },
    {
      type: 'heatmap',
      title: 'Time to response headers',
      description:
        'Or to the end of the attempt, where no headers came. Two bands: some hosts, or some requests, are slow.',
      unit: 's',
      exemplars: true,
      queries: [{ expr: `sum by (le) (increase(sluice_attempt_duration_seconds_bucket{${CLUSTER}}${IN}))` }],
    },
    {
      type: 'timeseries',
      title: 'Time to response headers, p50',
      description: 'Per cluster. A point is a request: its id finds it in /requests.',
      unit: 's',
      exemplars: true,
      queries: [{ expr: quantile(0.5, 'sluice_attempt_duration_seconds', 'cluster, target', CLUSTER), legend: NAME }],
    },
    {
      type: 'timeseries',
      title: 'Time to response headers, p99',
      description: 'Per cluster. Far above p50: some hosts, or some requests, are slow.',
      unit: 's',
      exemplars: true,
      queries: [{ expr: quantile(0.99, 'sluice_attempt_duration_seconds', 'cluster, target', CLUSTER), legend: NAME }],
    },
  ],
};
