// The histories of requests, for whoever asks "was it retried, why, and why not?". Bounded, and unfair on purpose:
// a thousand requests where something happened are kept for long, the healthy rest only as a recent sample.
//
// A record is held by reference from its decision on, so that pending ones can be seen. It starts among the recent
// and moves, once, to the notable at the first sign that it is one: rerouted, answered by Sluice, an attempt that
// failed, a second attempt, or a bad end. What has fallen out before its first sign is taken in again.

import type { CircuitName } from '../core/circuit/state.js';
import type { Observer } from '../core/observer.js';
import type { AnswerReason, ErrorKind, RefusalReason, Result } from '../core/reasons.js';
import type { AttemptRecord, RequestRecord } from '../core/record.js';
import { printable } from './printable.js';
import { Shelf } from './records/shelf.js';

export interface RecordsOptions {
  /** Requests where something happened. Default: 1000. */
  readonly notable?: number;
  /** The rest. Default: 200. */
  readonly recent?: number;
  /** Called for a notable record that falls out while it is still pending. */
  readonly onDropped?: () => void;
}

export interface RecordsQuery {
  /** The routed cluster, or that of any attempt. Default: all. */
  readonly cluster?: string;
  /** That of the routed cluster, or of any attempt; with `cluster`, on that one. Default: all. */
  readonly target?: string;
  readonly result?: Result;
  /** Why Sluice answered, why there was no retry, or the error of any attempt. */
  readonly reason?: AnswerReason | RefusalReason | ErrorKind;
  /** Only those where something happened. Default: all. */
  readonly notable?: boolean;
  /** Default: 100. */
  readonly limit?: number;
}

const DEFAULT_NOTABLE = 1000;
const DEFAULT_RECENT = 200;
export const DEFAULT_LIMIT = 100;

const BAD_RESULTS: ReadonlySet<Result> = new Set<Result>(['failure', 'short_circuited', 'refused']);

export class Records implements Partial<Observer> {
  private readonly notable: Shelf;
  private readonly recent: Shelf;
  private readonly onDropped: () => void;
  private watcher: ((record: RequestRecord) => void) | null = null;

  constructor(options: RecordsOptions = {}) {
    this.notable = new Shelf(capacity('notable', options.notable ?? DEFAULT_NOTABLE));
    this.recent = new Shelf(capacity('recent', options.recent ?? DEFAULT_RECENT));
    this.onDropped = options.onDropped ?? (() => {});
  }

  /** Histories held. */
  get size(): number {
    return this.notable.size + this.recent.size;
  }

  decided(record: RequestRecord): void {
    if (isNotable(record)) this.promote(record);
    else this.recent.add(record);
  }

  answered(record: RequestRecord): void {
    this.promote(record);
  }

  attemptSettled(record: RequestRecord, attempt: AttemptRecord): void {
    if (attempt.outcome === 'failure' || isNotable(record)) this.promote(record);
  }

  finished(record: RequestRecord): void {
    if (isNotable(record)) this.promote(record);
  }

  /**
   * From now on `watcher` is told of every notable record that is new or has changed; null: nobody is. It is called on the
   * path of the traffic: all it may do is remember the record.
   */
  watch(watcher: ((record: RequestRecord) => void) | null): void {
    this.watcher = watcher;
  }

  /** Newest first, by the time the requests were admitted. */
  list(query: RecordsQuery = {}): RequestRecord[] {
    const found: RequestRecord[] = [];
    for (const shelf of query.notable ? [this.notable] : [this.notable, this.recent]) {
      for (const record of shelf.records()) if (matchesQuery(record, query)) found.push(record);
    }
    // Reversed, so that of two admitted in the same instant the later one comes first.
    return found
      .reverse()
      .sort((a, b) => b.startedAtMs - a.startedAtMs)
      .slice(0, query.limit ?? DEFAULT_LIMIT);
  }

  /** A search through all that is held: people ask this, traffic never does. */
  get(id: string): RequestRecord | undefined {
    for (const shelf of [this.notable, this.recent]) {
      for (const record of shelf.records()) if (record.id === id) return record;
    }
    return undefined;
  }

  private promote(record: RequestRecord): void {
    this.watcher?.(record);
    if (this.notable.has(record)) return;
    this.recent.take(record);
    const fallen = this.notable.add(record);
    if (fallen !== null && fallen.endedAtMs === null) this.onDropped();
  }
}

function isNotable(record: RequestRecord): boolean {
  return (
    record.decision === 'reroute' ||
    record.decision === 'short_circuit' ||
    record.reason !== null ||
    record.attempts.length > 1 ||
    BAD_RESULTS.has(record.result)
  );
}

/** `limit` and `notable` aside. */
export function matchesQuery(record: RequestRecord, query: RecordsQuery): boolean {
  const { result, reason } = query;
  if (result !== undefined && record.result !== result) return false;
  if (!isAt(record, query) && !record.attempts.some((attempt) => attempt.settled && isAt(attempt, query))) return false;
  return reason === undefined || gives(record, reason);
}

function isAt(at: CircuitName, { cluster, target }: RecordsQuery): boolean {
  if (cluster !== undefined && !isNamed(at.cluster, cluster)) return false;
  return target === undefined || (at.target !== null && isNamed(at.target, target));
}

function gives(record: RequestRecord, reason: string): boolean {
  if (record.reason === reason || record.notRetried === reason) return true;
  return record.attempts.some((attempt) => attempt.settled && attempt.error === reason);
}

/** By the name, or by the form of it that /requests shows. */
function isNamed(name: string, wanted: string): boolean {
  return name === wanted || printable(name) === wanted;
}

function capacity(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`records: ${name} is ${value}; give a whole number of at least 1`);
}
