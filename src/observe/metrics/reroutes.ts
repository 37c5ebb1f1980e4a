// Reroutes are counted by a pair of clusters, so they need a bound of their own: a thousand clusters make a million
// pairs.

import type { AttemptRecord, RequestRecord } from '../../core/record.js';
import type { Sample } from './exposed.js';
import { clusterLabel, OTHER } from './labels.js';
import { labels } from './text.js';

interface Pair {
  readonly labels: string;
  count: number;
}

/** Never part of a label, so that no two pairs look alike. */
const SEPARATOR = '\n';
const OTHER_PAIR = OTHER + SEPARATOR + OTHER;

export class Reroutes {
  private readonly limit: number;
  private readonly pairs = new Map<string, Pair>();
  private readonly other: Pair = { labels: labels({ from: OTHER, to: OTHER }), count: 0 };
  /** Rerouted requests whose first attempt, and so its cluster, was not known when they were decided. */
  private readonly waiting = new WeakSet<RequestRecord>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many were counted under `_other` for want of room. */
  get overflowed(): number {
    return this.other.count;
  }

  decided(record: RequestRecord): void {
    const first = record.attempts[0];
    if (first === undefined) this.waiting.add(record);
    else this.pairOf(record.cluster, first.cluster).count++;
  }

  settled(record: RequestRecord, attempt: AttemptRecord): void {
    const moved = attempt.cluster !== record.cluster;
    if (attempt.attempt === 1 && this.waiting.delete(record) && moved)
      this.pairOf(record.cluster, attempt.cluster).count++;
  }

  samples(): Sample[] {
    const pairs = [...this.pairs.values(), ...(this.other.count > 0 ? [this.other] : [])];
    return pairs.map((pair) => ({ labels: pair.labels, value: pair.count }));
  }

  private pairOf(fromName: string, toName: string): Pair {
    const from = clusterLabel(fromName);
    const to = clusterLabel(toName);
    const key = from + SEPARATOR + to;
    const known = this.pairs.get(key);
    if (known !== undefined) return known;
    if (this.pairs.size >= this.limit || key === OTHER_PAIR) return this.other;
    const pair = { labels: labels({ from, to }), count: 0 };
    this.pairs.set(key, pair);
    return pair;
  }
}
