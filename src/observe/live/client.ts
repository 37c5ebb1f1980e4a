// One reader of /events, and how much is kept for it. A reader that does not read is dropped: the browser comes back by
// itself and starts with a new snapshot, and nothing piles up here meanwhile.

import type { RecordsQuery } from '../records.js';

/** The part of an HTTP response that is used. */
export interface Sink {
  write(text: string): unknown;
  end(): unknown;
  destroy(): unknown;
  /** Bytes taken and not yet handed to the kernel. */
  readonly writableLength: number;
}

/** What may wait for a reader: three of the largest snapshots. */
export const MAX_WAITING_BYTES = 2 * 1024 * 1024;
/** How long something may wait. */
export const MAX_STALL_MS = 20_000;

/** Read by EventSource: how long it waits before it comes back. */
const RECONNECT_MS = 2000;

export class LiveClient {
  readonly query: RecordsQuery;
  readonly #sink: Sink;
  #greeted = false;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #stalledSinceMs: number | null = null;

  constructor(sink: Sink, query: RecordsQuery) {
    this.#sink = sink;
    this.query = query;
  }

  /** Has had its snapshot. */
  get greeted(): boolean {
    return this.#greeted;
  }

  get lastWriteMs(): number {
    return this.#lastWriteMs;
  }

  /** `json` has no line breaks. */
  send(event: 'snapshot' | 'delta' | 'beat', json: string, nowMs: number): void {
    const retry = this.#greeted ? '' : `retry: ${RECONNECT_MS}\n`;
    this.#sink.write(`${retry}event: ${event}\ndata: ${json}\n\n`);
    this.#greeted = true;
    this.#lastWriteMs = nowMs;
  }

  /** Too much waits for it, or something for too long. Asked before each event. */
  isSlow(nowMs: number): boolean {
    const waiting = this.#sink.writableLength;
    if (waiting === 0) this.#stalledSinceMs = null;
    else this.#stalledSinceMs ??= nowMs;
    return waiting > MAX_WAITING_BYTES || nowMs - (this.#stalledSinceMs ?? nowMs) >= MAX_STALL_MS;
  }

  end(): void {
    this.#sink.end();
  }

  /** At once, with what still waits for it. */
  drop(): void {
    this.#sink.destroy();
  }
}
