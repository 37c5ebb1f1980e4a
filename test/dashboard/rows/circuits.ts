// Which circuits do not admit, since when, and why.

import type { Panel, Row } from '../panel.js';
import { IN, NAME, rate } from '../queries.js';
import { CLUSTER } from '../variables.js';

const STATES: NonNullable<Panel['mappings']> = [
  { value: 0, text: 'closed', color: 'green' },
  { value: 1, text: 'disabled', color: 'blue' },
  { value: 2, text: 'recovering', color: 'yellow' },
  { value: 3, text: 'half_open', color: 'orange' },
  { value: 4, text: 'open', color: 'red' },
  { value: 5, text: 'forced_open', color: 'purple' },
];

/** The worst state over all sidecars, as a number. */
function worstState(): string {
  const parts = STATES.map(({ value, text }) => `${value} * sluice_circuit_state{${CLUSTER}, state="${text}"}`);
  return `max by (cluster, target) (${parts.join(' or ')})`;
}

export const CIRCUITS: Row = {
  title: 'Circuits',
  panels: [
    {
      type: 'state-timeline',
      title: 'State of the circuits',
      description: 'The worst state that any sidecar has for the cluster.',
      unit: 'short',
      width: 24,
      mappings: STATES,
      queries: [{ expr: worstState(), legend: NAME }],
    },
    {
      type: 'timeseries',
      title: 'Failures among attempts',
      description: 'Share per cluster, over all sidecars. A circuit opens at its own window and ratio.',
      unit: 'percentunit',
      queries: [
        {
          expr: `${rate('sluice_attempts_total', 'cluster, target', ', outcome="failure"')} / ${rate('sluice_attempts_total', 'cluster, target', ', outcome=~"success|failure"')}`,
          legend: NAME,
        },
      ],
    },
    {
      type: 'timeseries',
      title: 'Circuits not closed, by state',
      description: 'How many, over all sidecars. One of many: a sidecar with a problem of its own. All: the upstream.',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (state) (sluice_circuit_state{${CLUSTER}, state!="closed"})`, legend: '{{state}}' }],
    },
    {
      type: 'timeseries',
      title: 'Changes of state',
      description:
        'By what they led to, and why, of the clusters chosen. probe_failed again and again: an upstream does not come back.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (to, reason) (increase(sluice_circuit_transitions_total{${CLUSTER}}${IN}))`,
          legend: '{{to}}: {{reason}}',
        },
      ],
    },
  ],
};
