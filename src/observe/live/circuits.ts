// The circuits of a live view, as text ready to be sent, in slices between which the traffic has its turn: ten thousand
// circuits looked at in one go would hold up every request for some hundredths of a second.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Circuit } from '../../core/circuit/breaker.js';
import { circuitJson } from '../admin/circuits.js';
import { circuitKey } from '../view/model.js';
import type { LiveCircuit } from './messages.js';

export type Watched = Pick<Circuit, 'name' | 'target' | 'state' | 'snapshot' | 'recent'>;

export interface CircuitSource {
  circuits(): Iterable<Watched>;
  budgetRemaining(cluster: string, target: string | null, nowMs: number): number | null;
  now(): number;
  toIso(monotonicMs: number): string;
}

export interface View {
  /** The JSON of each circuit, under a key of its name. */
  readonly shown: ReadonlyMap<string, string>;
  /** Circuits there are beside those. */
  readonly more: number;
}

/** Circuits that one view shows. */
const MAX_SHOWN = 500;
/** Results of the window that are shown. */
const RECENT = 100;
/** Circuits looked at, and written, in one turn of the event loop: some hundred microseconds. */
const LOOK_SLICE = 500;
const WRITE_SLICE = 50;

/** Past `limit`, circuits that are not closed go first, then those of whole clusters. */
export async function viewCircuits(source: CircuitSource, limit = MAX_SHOWN): Promise<View> {
  const ranks: Watched[][] = [[], [], [], []];
  let seen = 0;
  for (const circuit of source.circuits()) {
    ranks[rank(circuit, source.now())]?.push(circuit);
    if (++seen % LOOK_SLICE === 0) await nextTurn();
  }
  const chosen = ranks.flat().slice(0, limit);
  const shown = new Map<string, string>();
  for (const circuit of chosen) {
    shown.set(circuitKey(circuit.name, circuit.target), JSON.stringify(liveCircuit(circuit, source)));
    if (shown.size % WRITE_SLICE === 0) await nextTurn();
  }
  return { shown, more: seen - chosen.length };
}

function rank(circuit: Watched, nowMs: number): number {
  return (circuit.state(nowMs) === 'closed' ? 2 : 0) + (circuit.target === null ? 0 : 1);
}

function liveCircuit(circuit: Watched, source: CircuitSource): LiveCircuit {
  const nowMs = source.now();
  const snapshot = circuit.snapshot(nowMs);
  const budget = source.budgetRemaining(snapshot.cluster, snapshot.target, nowMs);
  return {
    ...circuitJson(snapshot, source.toIso),
    consecutiveFailures: snapshot.consecutiveFailures,
    slowRatio: snapshot.slowRatio,
    // Whole, so that a budget that refills bit by bit is not a change every time.
    budgetRemaining: budget === null ? null : Math.floor(budget),
    recent: circuit.recent(RECENT, nowMs),
  };
}
