// Cluster names as label values. Envoy's configuration names the clusters, so there may be thousands, and a name may
// hold anything; a series per name for ever would sink the sidecar and the Prometheus behind it. Here is the bound.

import { createHash } from 'node:crypto';
import { MAX_TEXT_LENGTH, printable } from '../printable.js';

/** Where names past the limit are counted. */
export const OTHER = '_other';
/** For an attempt or request that has no cluster: Prometheus takes an empty label for an absent one. */
export const NONE = '_none';

const HASH_LENGTH = 8;
/** Names up to this length are looked up as they are; longer ones are worked out at every use. */
const MAX_KEY_LENGTH = 1024;

/** A name as a label value: printable, at most 200 code units; long names end in a hash so that they stay apart. */
export function clusterLabel(name: string): string {
  if (name === '') return NONE;
  const clean = printable(name);
  // A cut text may be one short of the bound, where the cut would have split a character.
  if (clean === name || clean.length < MAX_TEXT_LENGTH - 1) return clean;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${printable(name, MAX_TEXT_LENGTH - HASH_LENGTH - 1)}~${hash}`;
}

/**
 * One `T` per label value, for the first `limit` of them; the rest share the one of `_other`. First come, first
 * served: a name keeps its series for the life of the process, as counters have to.
 */
export class Labelled<T> {
  readonly other: T;
  private readonly byName = new Map<string, T>();
  private readonly byLabel = new Map<string, T>();
  private readonly limit: number;
  private readonly make: (label: string) => T;
  private overflows = 0;

  constructor(limit: number, make: (label: string) => T) {
    this.limit = limit;
    this.make = make;
    this.other = make(OTHER);
  }

  /** How often `of` answered with `other` for want of room. */
  get overflowed(): number {
    return this.overflows;
  }

  of(name: string): T {
    return this.byName.get(name) ?? this.admit(name);
  }

  /** Those in use, `_other` last and only if something was counted there. */
  all(): readonly T[] {
    return this.overflows === 0 ? [...this.byLabel.values()] : [...this.byLabel.values(), this.other];
  }

  private admit(name: string): T {
    // Full: what is not known by its name has no room, and working out its label would be for nothing.
    if (this.byName.size >= this.limit && name.length <= MAX_KEY_LENGTH) return this.overflow();
    const label = clusterLabel(name);
    if (label === OTHER) return this.overflow();
    const known = this.byLabel.get(label);
    if (known === undefined && this.byLabel.size >= this.limit) return this.overflow();
    const entry = known ?? this.make(label);
    this.byLabel.set(label, entry);
    if (name.length <= MAX_KEY_LENGTH && this.byName.size < this.limit) this.byName.set(name, entry);
    return entry;
  }

  private overflow(): T {
    this.overflows++;
    return this.other;
  }
}
