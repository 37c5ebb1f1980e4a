// The headers that a peer wants remembered (RFC 7541, section 2.3.2): the youngest has the lowest number, the oldest go
// when the table is full.

import type { Header } from './static-table.js';

/** What an entry counts on top of its bytes. */
const OVERHEAD_BYTES = 32;

export function sizeOf(name: string, value: string): number {
  return name.length + value.length + OVERHEAD_BYTES;
}

export class DynamicTable {
  /** Oldest first, from `first` on. */
  private entries: Header[] = [];
  private first = 0;
  private bytes = 0;
  private max: number;

  constructor(maxBytes: number) {
    this.max = maxBytes;
  }

  get maxBytes(): number {
    return this.max;
  }

  /** Evicts what no longer fits. */
  resize(maxBytes: number): void {
    this.max = maxBytes;
    this.evict(maxBytes);
  }

  /** @param index 0 is the youngest. */
  get(index: number): Header | undefined {
    const at = this.entries.length - 1 - index;
    return at < this.first ? undefined : this.entries[at];
  }

  /** One that is larger than the whole table empties it. */
  add(header: Header): void {
    const size = sizeOf(header[0], header[1]);
    this.evict(this.max - size);
    if (size > this.max) return;
    this.entries.push(header);
    this.bytes += size;
  }

  private evict(toBytes: number): void {
    while (this.bytes > toBytes) {
      const oldest = this.entries[this.first];
      if (oldest === undefined) break;
      this.first++;
      this.bytes -= sizeOf(oldest[0], oldest[1]);
    }
    if (this.first > this.entries.length / 2) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }
}
