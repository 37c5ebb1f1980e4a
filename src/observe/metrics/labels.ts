// Names of clusters and targets as label values. Envoy's configuration names the clusters, so there may be thousands, and
// clients name the targets; a name may hold anything, and a series per name for ever would sink the sidecar and the
// Prometheus behind it. Here is the bound.

import { createHash } from 'node:crypto';
import { ByTarget } from '../../core/by-target.js';
import { OTHER_TARGET } from '../../core/policy.js';
import { MAX_TEXT_LENGTH, printable } from '../printable.js';
import { label } from './text.js';

/** Where names past the limit are counted. */
export const OTHER = OTHER_TARGET;
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

/** The labels of a cluster, or of one of its targets, as the scrape writes them: without a target, there is no such label. */
export function nameLabels(cluster: string, target: string | null): string {
  const own = label('cluster', clusterLabel(cluster));
  return target === null ? own : `${own},${label('target', clusterLabel(target))}`;
}

/** Targets leave this share of the limit to clusters: clients must not take the series of what Envoy has configured. */
const CLUSTERS_SHARE = 0.25;

/**
 * One `T` per cluster and per target, for the first `limit` of them. Targets past the limit share the one of `_other` of
 * their cluster, and where that has no room either, or a cluster has none, all share one. First come, first served: a
 * name keeps its series for the life of the process, as counters have to.
 */
export class Labelled<T extends object> {
  readonly other: T;
  private readonly byName = new ByTarget<T>();
  private readonly byLabels = new Map<string, T>();
  private readonly limit: number;
  private readonly targetLimit: number;
  private readonly make: (labels: string) => T;
  private overflows = 0;
  private otherUsed = false;
  /** Of `byLabels`, those with a target. */
  private targets = 0;

  constructor(limit: number, make: (labels: string) => T) {
    this.limit = limit;
    this.targetLimit = limit - Math.ceil(limit * CLUSTERS_SHARE);
    this.make = make;
    this.other = make(label('cluster', OTHER));
  }

  /** How often `of` answered for want of room with what is shared. */
  get overflowed(): number {
    return this.overflows;
  }

  /** `target` null: the cluster as a whole. */
  of(cluster: string, target: string | null = null): T {
    return this.byName.get(cluster, target) ?? this.admit(cluster, target);
  }

  /** Those in use, `_other` last and only if something was counted there. */
  all(): readonly T[] {
    return this.otherUsed ? [...this.byLabels.values(), this.other] : [...this.byLabels.values()];
  }

  private admit(cluster: string, target: string | null): T {
    if (target !== null && target !== OTHER && this.targets >= this.targetLimit) return this.shared(cluster);
    // Full: what is not known by its name has no room, and working out its label would be for nothing.
    if (this.byName.size >= this.limit && cluster.length <= MAX_KEY_LENGTH) return this.overflow();
    const labels = nameLabels(cluster, target);
    if (clusterLabel(cluster) === OTHER) return this.overflow();
    const known = this.byLabels.get(labels);
    if (known === undefined && this.byLabels.size >= this.limit) return this.overflow();
    const entry = known ?? this.make(labels);
    if (known === undefined && target !== null) this.targets++;
    this.byLabels.set(labels, entry);
    if (cluster.length <= MAX_KEY_LENGTH && this.byName.size < this.limit) this.byName.set(cluster, target, entry);
    return entry;
  }

  /** What the targets of one cluster share. */
  private shared(cluster: string): T {
    const entry = this.of(cluster, OTHER);
    if (entry !== this.other) this.overflows++;
    return entry;
  }

  private overflow(): T {
    this.overflows++;
    this.otherUsed = true;
    return this.other;
  }
}
