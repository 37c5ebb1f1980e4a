// Gauges are not kept, they are asked for: what is true at the moment of the scrape, read from its owner.

import type { CircuitSnapshot } from '../../core/circuit/state.js';
import { CIRCUIT_STATES, ROLES, type Role } from '../../core/reasons.js';
import type { Sample } from './exposed.js';
import { nameLabels } from './labels.js';
import { label } from './text.js';

export interface GaugeSources {
  circuits(): readonly CircuitSnapshot[];
  /** null: the cluster, or its target, has no budget. */
  budgetRemaining(cluster: string, target: string | null): number | null;
  /** Streams open now. */
  streams(role: Role): number;
  /** Requests whose evidence is not complete. */
  sessions(): number;
  /** Request histories held. */
  records(): number;
}

/**
 * At most `limit` circuits, each set of labels once. Past the limit, circuits that are not closed go first: a circuit in
 * trouble is never hidden behind a healthy one, nor a cluster's own behind those of its targets.
 */
function shown(circuits: readonly CircuitSnapshot[], limit: number): Map<string, CircuitSnapshot> {
  const ordered = circuits.length <= limit ? circuits : [...circuits].sort((a, b) => calm(a) - calm(b));
  const byLabel = new Map<string, CircuitSnapshot>();
  for (const circuit of ordered) {
    if (byLabel.size >= limit) break;
    const labels = nameLabels(circuit.cluster, circuit.target);
    if (!byLabel.has(labels)) byLabel.set(labels, circuit);
  }
  return byLabel;
}

function calm(circuit: CircuitSnapshot): number {
  return (circuit.state === 'closed' ? 2 : 0) + (circuit.target === null ? 0 : 1);
}

export function* circuitStates(sources: GaugeSources, limit: number): Generator<Sample> {
  for (const [text, circuit] of shown(sources.circuits(), limit)) {
    for (const state of CIRCUIT_STATES) {
      yield { labels: `${text},${label('state', state)}`, value: circuit.state === state ? 1 : 0 };
    }
  }
}

export function* budgets(sources: GaugeSources, limit: number): Generator<Sample> {
  for (const [text, circuit] of shown(sources.circuits(), limit)) {
    const value = sources.budgetRemaining(circuit.cluster, circuit.target);
    if (value !== null && !Number.isNaN(value)) yield { labels: text, value };
  }
}

export function openStreams(sources: GaugeSources): Sample[] {
  return ROLES.map((role) => ({ labels: label('role', role), value: sources.streams(role) }));
}
