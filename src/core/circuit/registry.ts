// The circuits of all clusters, in bounded memory. Names come from Envoy's configuration, and with finer keys from
// requests: without a cap, whoever invents names would own our memory.
//
// - Only closed circuits make room for others, the one used longest ago first. One that is open, probing, recovering
//   or set by hand knows something that must not be forgotten because others are busy.
// - Where none can make room, the new cluster shares one circuit that is off: it fails open, and is counted.
// - A circuit made anew under an old name starts in a generation that no permit out there can have.

import type { CircuitPolicy } from '../policy.js';
import { Circuit } from './breaker.js';
import { unknownState } from './phase.js';
import { type Linked, RecencyList } from './recency.js';
import type { CircuitSnapshot, Transition } from './state.js';

/** `evicted`: a closed circuit made room. `overflow`: there was none to make room, and this use went unguarded. */
export type CircuitDrop = 'evicted' | 'overflow';

export interface CircuitRegistryOptions {
  /** Asked once per new circuit. */
  readonly policyFor: (cluster: string) => CircuitPolicy;
  readonly onTransition: (transition: Transition) => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onDropped: (cluster: string, drop: CircuitDrop) => void;
  /** Circuits kept at most. Default 10,000. */
  readonly maxCircuits?: number;
  /** Time without use after which `sweep` removes a circuit that holds nothing back. Default 15 minutes. */
  readonly idleMs?: number;
}

const DEFAULT_MAX_CIRCUITS = 10_000;
const DEFAULT_IDLE_MS = 15 * 60_000;

interface Entry extends Linked<Entry> {
  readonly circuit: Circuit;
  lastUsedMs: number;
}

export class CircuitRegistry {
  readonly #options: CircuitRegistryOptions;
  readonly #maxCircuits: number;
  readonly #idleMs: number;
  readonly #entries = new Map<string, Entry>();
  /** The closed ones: those that may make room. */
  readonly #closed = new RecencyList<Entry>();
  #policyFor: (cluster: string) => CircuitPolicy;
  #overflow: Circuit | null = null;
  #firstGeneration = 1;

  constructor(options: CircuitRegistryOptions) {
    this.#options = options;
    this.#policyFor = options.policyFor;
    this.#maxCircuits = options.maxCircuits ?? DEFAULT_MAX_CIRCUITS;
    this.#idleMs = options.idleMs ?? DEFAULT_IDLE_MS;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The cluster's circuit, made where there is none yet. O(1). */
  use(cluster: string, now: number): Circuit {
    const entry = this.#entries.get(cluster);
    if (entry === undefined) return this.#create(cluster, now);
    entry.lastUsedMs = now;
    if (entry.listed) this.#closed.touch(entry);
    return entry.circuit;
  }

  /** For those who look or report: makes nothing and does not count as use. */
  get(cluster: string): Circuit | undefined {
    return this.#entries.get(cluster)?.circuit;
  }

  /** Every circuit's snapshot. Visits all: for people and scrapes, not for requests. */
  all(now: number): CircuitSnapshot[] {
    return Array.from(this.#entries.values(), (entry) => entry.circuit.snapshot(now));
  }

  /**
   * Gives every circuit its policy anew; states are kept.
   * @throws RangeError for a policy that no circuit can have; circuits visited before have theirs by then.
   */
  reconfigure(policyFor: (cluster: string) => CircuitPolicy, now: number): void {
    this.#policyFor = policyFor;
    for (const [cluster, entry] of this.#entries) entry.circuit.reconfigure(policyFor(cluster), now);
  }

  /**
   * Removes circuits that were not used for `idleMs` and hold nothing back: neither forced nor within an open time.
   * Visits all: call it every few seconds at most.
   * @returns how many were removed.
   */
  sweep(now: number): number {
    const before = this.#entries.size;
    for (const entry of this.#entries.values()) {
      if (now - entry.lastUsedMs >= this.#idleMs && !holdsBack(entry.circuit, now)) this.#remove(entry);
    }
    return before - this.#entries.size;
  }

  #create(cluster: string, now: number): Circuit {
    if (this.#entries.size >= this.#maxCircuits && !this.#evict()) {
      this.#options.onDropped(cluster, 'overflow');
      return this.#overflowCircuit(cluster);
    }
    const onTransition = (transition: Transition): void => this.#moved(entry, transition);
    const policy = this.#policyFor(cluster);
    const circuit = new Circuit(cluster, policy, onTransition, this.#options.random, this.#firstGeneration);
    const entry: Entry = { circuit, lastUsedMs: now, older: null, newer: null, listed: false };
    this.#entries.set(cluster, entry);
    this.#closed.touch(entry);
    return circuit;
  }

  #evict(): boolean {
    const entry = this.#closed.oldest;
    if (entry === null) return false;
    this.#remove(entry);
    this.#options.onDropped(entry.circuit.name, 'evicted');
    return true;
  }

  #remove(entry: Entry): void {
    this.#closed.remove(entry);
    this.#entries.delete(entry.circuit.name);
    this.#firstGeneration = Math.max(this.#firstGeneration, entry.circuit.generation + 1);
  }

  /** A removed circuit may still hear the results of its last requests: its changes concern nobody any more. */
  #moved(entry: Entry, transition: Transition): void {
    if (this.#entries.get(entry.circuit.name) !== entry) return;
    if (transition.to === 'closed') this.#closed.touch(entry);
    else this.#closed.remove(entry);
    this.#options.onTransition(transition);
  }

  /** Off, so it neither learns nor refuses: one for all, whatever the policy of the first that needed it. */
  #overflowCircuit(cluster: string): Circuit {
    if (this.#overflow === null) {
      const policy: CircuitPolicy = { ...this.#policyFor(cluster), mode: 'off' };
      this.#overflow = new Circuit('(overflow)', policy, this.#options.onTransition, this.#options.random);
    }
    return this.#overflow;
  }
}

function holdsBack(circuit: Circuit, now: number): boolean {
  const state = circuit.state(now);
  switch (state) {
    case 'open':
    case 'forced_open':
    case 'disabled':
      return true;
    case 'closed':
    case 'half_open':
    case 'recovering':
      return false;
    default:
      return unknownState(state);
  }
}
