// The streams of a connection, and what is remembered of those that are closed: a frame on one of them can be late,
// which is nobody's fault, or a mistake of the peer.

import { ChurnMap } from '../../core/churn-map.js';
import type { Stream } from './stream.js';

/** As many closed streams are remembered. */
const REMEMBERED = 1_024;

/** Why there is no stream of that number. Forgotten: closed long ago, or never opened and passed over. */
export type Absence = 'idle' | 'closed_by_us' | 'closed_by_peer' | 'forgotten';

export class StreamTable {
  /** A client's streams have odd numbers that grow. */
  private readonly streams = new ChurnMap<number, Stream>((id) => id >> 1);
  /** A ring of numbers, negative where we closed the stream. */
  private readonly closed = new Int32Array(REMEMBERED);
  private next = 0;
  /** The highest that the peer has used. */
  lastId = 0;

  get size(): number {
    return this.streams.size;
  }

  get(id: number): Stream | undefined {
    return id > this.lastId ? undefined : this.streams.get(id);
  }

  add(stream: Stream): void {
    this.streams.set(stream.id, stream);
  }

  all(): Iterable<Stream> {
    return this.streams.values();
  }

  /** Gives false where it was gone already. */
  remove(id: number, byUs: boolean): boolean {
    this.closed[this.next] = byUs ? -id : id;
    this.next = (this.next + 1) % REMEMBERED;
    return this.streams.delete(id);
  }

  /** Of a stream that `get` does not give. Slow: for what ought not to happen. */
  absence(id: number): Absence {
    if (id > this.lastId || id % 2 === 0) return 'idle';
    if (this.closed.includes(-id)) return 'closed_by_us';
    return this.closed.includes(id) ? 'closed_by_peer' : 'forgotten';
  }
}
