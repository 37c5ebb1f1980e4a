// Envoy sends the same header block for every stream of a filter, byte for byte, once it has no table to refer to: what
// was read from a block is found again by its bytes.

const MAX_ENTRIES = 16;
/** Longer ones are read anew each time. */
const MAX_BLOCK_BYTES = 4_096;

interface Entry<T> {
  readonly block: Buffer;
  readonly value: T;
}

/** Small, and searched in order: what is found moves one place forward, what is new takes the last place. */
export class BlockCache<T> {
  private readonly entries: Entry<T>[] = [];

  find(bytes: Buffer, start: number, end: number): T | undefined {
    const { entries } = this;
    const length = end - start;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry === undefined || entry.block.length !== length) continue;
      if (entry.block.compare(bytes, start, end) !== 0) continue;
      this.forward(i, entry);
      return entry.value;
    }
    return undefined;
  }

  /** Nothing is read before the first place: V8 takes such an index for a name, and looks it up slowly. */
  private forward(from: number, entry: Entry<T>): void {
    const { entries } = this;
    const before = from === 0 ? undefined : entries[from - 1];
    if (before === undefined) return;
    entries[from - 1] = entry;
    entries[from] = before;
  }

  /** The bytes are copied. So many blocks that differ cost those that repeat one place of sixteen, not all. */
  add(bytes: Buffer, start: number, end: number, value: T): void {
    if (end - start > MAX_BLOCK_BYTES) return;
    const entry = { block: Buffer.from(bytes.subarray(start, end)), value };
    this.entries[Math.min(this.entries.length, MAX_ENTRIES - 1)] = entry;
  }
}
