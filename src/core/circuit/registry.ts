// The circuits of all clusters and their targets, in bounded memory. Clusters are named by Envoy's configuration, targets
// by requests: without a cap, whoever invents names would own our memory. Which targets there may be is for targets.ts.
//
// - Only closed circuits make room for others, the one used longest ago first. One that is open, probing, recovering
//   or set by hand knows something that must not be forgotten because others are busy.
// - Where none can make room, the new cluster shares one circuit that is off: it fails open, and is counted.
// - A circuit made anew under an old name starts in a generation that no permit out there can have.

import { ByTarget } from '../by-target.js';
import type { CircuitPolicy } from '../policy.js';
import { Circuit } from './breaker.js';
import type { CircuitMemory } from './memory.js';
import { type ForcedState, unknownState } from './phase.js';
import { type Linked, RecencyList } from './recency.js';
import type { CircuitName, CircuitSnapshot, Transition } from './state.js';

/** `evicted`: a closed circuit made room. `overflow`: there was none to make room, and this use went unguarded. */
export type CircuitDrop = 'evicted' | 'overflow';

/** `target` null: the cluster's own circuit. */
export type PolicyFor = (cluster: string, target: string | null) => CircuitPolicy;

export interface CircuitRegistryOptions {
  /** Asked once per new circuit. */
  readonly policyFor: PolicyFor;
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

/** A circuit with what is known of its place here: every use needs both, and one object is found faster in memory than two. */
class Entry extends Circuit implements Linked<Entry> {
  lastUsedMs = Number.NEGATIVE_INFINITY;
  older: Entry | null = null;
  newer: Entry | null = null;
  listed = false;
  removed = false;
}

export class CircuitRegistry {
  readonly #options: CircuitRegistryOptions;
  readonly #maxCircuits: number;
  readonly #idleMs: number;
  readonly #entries = new ByTarget<Entry>();
  /** The closed ones: those that may make room. */
  readonly #closed = new RecencyList<Entry>();
  #policyFor: PolicyFor;
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

  /** Another circuit needs the place of one that is there. */
  get isFull(): boolean {
    return this.#entries.size >= this.#maxCircuits;
  }

  /** Circuits of the cluster's targets. O(1). */
  targetCount(cluster: string): number {
    return this.#entries.targetCount(cluster);
  }

  /** The circuit of the cluster, or of one of its targets, made where there is none yet. O(1). */
  use(cluster: string, now: number, target: string | null = null): Circuit {
    const entry = this.#entries.get(cluster, target);
    if (entry === undefined) return this.#create(cluster, target, now);
    this.#touch(entry, now);
    return entry;
  }

  /** The same for a circuit that `use` gave earlier, without looking for it. @returns false where it is no longer kept, or never was. */
  useAgain(circuit: Circuit, now: number): boolean {
    if (!(circuit instanceof Entry) || circuit.removed) return false;
    this.#touch(circuit, now);
    return true;
  }

  /** For those who look or report: makes nothing and does not count as use. */
  get(cluster: string, target: string | null = null): Circuit | undefined {
    return this.#entries.get(cluster, target);
  }

  /** Snapshots of the cluster's targets, the oldest first. */
  targets(cluster: string, now: number): CircuitSnapshot[] {
    return Array.from(this.#entries.ofTargets(cluster), (circuit) => circuit.snapshot(now));
  }

  /** As it is, or, of a cluster that so far only has targets, as it would start; null: nothing is known by that name. */
  snapshot(cluster: string, target: string | null, now: number): CircuitSnapshot | null {
    const circuit = this.get(cluster, target);
    if (circuit !== undefined) return circuit.snapshot(now);
    if (target !== null || this.targetCount(cluster) === 0) return null;
    return new Circuit(cluster, this.#policyFor(cluster, null), () => {}, this.#options.random).snapshot(now);
  }

  /**
   * `target` null: the cluster as a whole, with all targets it has and those it gets while it is forced.
   * @returns false where there is nothing of that name, or nothing to force: its mode is off.
   */
  force(cluster: string, target: string | null, state: ForcedState, now: number): boolean {
    if (this.snapshot(cluster, target, now) === null) return false;
    let forced = this.use(cluster, now, target).force(state, now);
    if (target !== null) return forced;
    for (const circuit of this.#entries.ofTargets(cluster)) forced = circuit.force(state, now) || forced;
    return forced;
  }

  /**
   * Makes a circuit that goes on as it was remembered at `origin`. Nothing makes room for it, and no transition is told.
   * @returns null where there is no room, or a circuit of that name already.
   */
  recall({ cluster, target }: CircuitName, memory: CircuitMemory, origin: number, now: number): Circuit | null {
    if (this.isFull || this.get(cluster, target) !== undefined) return null;
    const entry = this.#add(cluster, target, now);
    entry.recall(memory, origin, now);
    if (entry.state(now) !== 'closed') this.#closed.remove(entry);
    return entry;
  }

  /** Every circuit itself, those of targets last, for those who look at many and take their time over it. */
  *circuits(): Generator<Circuit> {
    for (const circuit of this.#entries.values()) yield circuit;
  }

  /** Every circuit's snapshot, those of targets last. Visits all: for people and scrapes, not for requests. */
  all(now: number): CircuitSnapshot[] {
    return Array.from(this.#entries.values(), (circuit) => circuit.snapshot(now));
  }

  /**
   * Gives every circuit its policy anew; states are kept.
   * @throws RangeError for a policy that no circuit can have; circuits visited before have theirs by then.
   */
  reconfigure(policyFor: PolicyFor, now: number): void {
    this.#policyFor = policyFor;
    for (const circuit of this.#entries.values()) {
      circuit.reconfigure(policyFor(circuit.name, circuit.target), now);
    }
  }

  /**
   * Removes circuits that were not used for `idleMs` and hold nothing back: neither forced nor within an open time.
   * Visits all: call it every few seconds at most.
   * @returns how many were removed.
   */
  sweep(now: number): number {
    const before = this.#entries.size;
    for (const entry of this.#entries.values()) {
      if (now - entry.lastUsedMs >= this.#idleMs && !holdsBack(entry, now)) this.#remove(entry);
    }
    return before - this.#entries.size;
  }

  #create(cluster: string, target: string | null, now: number): Circuit {
    if (this.isFull && !this.#evict()) {
      this.#options.onDropped(cluster, 'overflow');
      return this.#overflowCircuit(cluster);
    }
    const circuit = this.#add(cluster, target, now);
    if (target !== null) this.#forceAlike(circuit, now);
    return circuit;
  }

  #touch(entry: Entry, now: number): void {
    entry.lastUsedMs = now;
    if (entry.listed) this.#closed.touch(entry);
  }

  #add(cluster: string, target: string | null, now: number): Entry {
    const onTransition = (transition: Transition): void => this.#moved(entry, transition);
    const policy = this.#policyFor(cluster, target);
    const entry = new Entry(cluster, policy, onTransition, this.#options.random, this.#firstGeneration, target);
    entry.lastUsedMs = now;
    this.#entries.set(cluster, target, entry);
    this.#closed.touch(entry);
    return entry;
  }

  /** What was set by hand for a whole cluster holds for a target that comes later, too. */
  #forceAlike(circuit: Circuit, now: number): void {
    const state = this.get(circuit.name)?.state(now);
    if (state === 'forced_open' || state === 'disabled') circuit.force(state, now);
  }

  #evict(): boolean {
    const entry = this.#closed.oldest;
    if (entry === null) return false;
    this.#remove(entry);
    this.#options.onDropped(entry.name, 'evicted');
    return true;
  }

  #remove(entry: Entry): void {
    this.#closed.remove(entry);
    this.#entries.delete(entry.name, entry.target);
    entry.removed = true;
    this.#firstGeneration = Math.max(this.#firstGeneration, entry.generation + 1);
  }

  /** A removed circuit may still hear the results of its last requests: its changes concern nobody any more. */
  #moved(entry: Entry, transition: Transition): void {
    if (entry.removed) return;
    if (transition.to === 'closed') this.#closed.touch(entry);
    else this.#closed.remove(entry);
    this.#options.onTransition(transition);
  }

  /** Off, so it neither learns nor refuses: one for all, whatever the policy of the first that needed it. */
  #overflowCircuit(cluster: string): Circuit {
    if (this.#overflow === null) {
      const policy: CircuitPolicy = { ...this.#policyFor(cluster, null), mode: 'off' };
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
