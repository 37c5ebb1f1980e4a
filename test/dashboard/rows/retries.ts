// What retries cost and what they save.

import type { Row } from '../panel.js';
import { NAME, rate } from '../queries.js';
import { CLUSTER } from '../variables.js';

export const RETRIES: Row = {
  title: 'Retries',
  panels: [
    {
      type: 'timeseries',
      title: 'Granted, by cause',
      description: 'Retries that were made, by what ended the attempt before.',
      unit: 'reqps',
      stacked: true,
      queries: [{ expr: rate('sluice_retries_total', 'reason', ', result="granted"'), legend: '{{reason}}' }],
    },
    {
      type: 'timeseries',
      title: 'Refused, by reason',
      description:
        'Requests that failed and were not, or not again, retried. retry_budget: more fails than retries can mend.',
      unit: 'reqps',
      stacked: true,
      queries: [{ expr: rate('sluice_retries_total', 'reason', ', result="refused"'), legend: '{{reason}}' }],
    },
    {
      type: 'timeseries',
      title: 'Retries that saved their request',
      description: 'Share of those granted, per cluster that the retry went to. Falling: they are load without use.',
      unit: 'percentunit',
      queries: [
        {
          expr: `${rate('sluice_retries_total', 'cluster, target', ', result="saved"')} / ${rate('sluice_retries_total', 'cluster, target', ', result="granted"')}`,
          legend: NAME,
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Retries among attempts',
      description: 'Share of the attempts at a cluster that were retries: the load they add.',
      unit: 'percentunit',
      width: 12,
      queries: [
        {
          expr: `${rate('sluice_retries_total', 'cluster, target', ', result="granted"')} / ${rate('sluice_attempts_total', 'cluster, target')}`,
          legend: NAME,
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Budget left',
      description: 'Retries that the poorest sidecar may still grant per cluster. 0: it refuses.',
      unit: 'short',
      width: 12,
      queries: [{ expr: `min by (cluster, target) (sluice_retry_budget_remaining{${CLUSTER}})`, legend: NAME }],
    },
  ],
};
