// HPACK, the decoding half (RFC 7541, section 6).

import { DEFAULT_TABLE_BYTES } from '../protocol.js';
import { BlockReader, unreadable } from './block-reader.js';
import { DynamicTable, sizeOf } from './dynamic-table.js';
import { type Header, STATIC_TABLE } from './static-table.js';

const INDEXED = 0x80;
const LITERAL_INDEXED = 0x40;
const SIZE_UPDATE = 0x20;

export interface Decoded {
  readonly headers: readonly Header[];
  /** The list was longer than allowed; what is above is not there. */
  readonly tooLong: boolean;
}

export class HpackDecoder {
  private readonly table = new DynamicTable(DEFAULT_TABLE_BYTES);
  private allowedBytes = DEFAULT_TABLE_BYTES;
  private readonly maxListBytes: number;

  /** @param maxListBytes see `Limits.maxHeaderListBytes`. */
  constructor(maxListBytes: number) {
    this.maxListBytes = maxListBytes;
  }

  /**
   * The peer has taken our SETTINGS_HEADER_TABLE_SIZE. It should also say so at the start of its next block; one that
   * does not, and goes on using what is evicted here, is found out by its next index.
   */
  allow(tableBytes: number): void {
    this.allowedBytes = tableBytes;
    if (this.table.maxBytes > tableBytes) this.table.resize(tableBytes);
  }

  /** Without a table, what a block means depends on nothing but its bytes. */
  get stateless(): boolean {
    return this.allowedBytes === 0;
  }

  /** @throws ConnectionError where the block cannot be decoded. */
  decode(bytes: Buffer, start: number, end: number): Decoded {
    const reader = new BlockReader(bytes, start, end);
    const headers: Header[] = [];
    let listBytes = 0;
    this.sizeUpdates(reader);
    while (!reader.done) {
      const header = this.field(reader);
      listBytes += sizeOf(header[0], header[1]);
      if (listBytes <= this.maxListBytes) headers.push(header);
    }
    return { headers, tooLong: listBytes > this.maxListBytes };
  }

  /** They stand in front of the first field, and nowhere else. */
  private sizeUpdates(reader: BlockReader): void {
    while (!reader.done && (reader.peek() & 0xe0) === SIZE_UPDATE) {
      const bytes = reader.integer(5);
      if (bytes > this.allowedBytes) throw unreadable(`a table of ${bytes} bytes, allowed are ${this.allowedBytes}`);
      this.table.resize(bytes);
    }
  }

  private field(reader: BlockReader): Header {
    const first = reader.peek();
    if (first >= INDEXED) return this.indexed(reader.integer(7));
    if (first >= LITERAL_INDEXED) {
      const header = this.literal(reader, 6);
      this.table.add(header);
      return header;
    }
    if (first >= SIZE_UPDATE) throw unreadable('the size of the table changes after the first field');
    // Whether a literal may be indexed further on is of interest to proxies only.
    return this.literal(reader, 4);
  }

  private literal(reader: BlockReader, prefixBits: number): Header {
    const index = reader.integer(prefixBits);
    const name = index === 0 ? reader.string() : this.indexed(index)[0];
    return [name, reader.string()];
  }

  private indexed(index: number): Header {
    const header = STATIC_TABLE[index - 1] ?? this.table.get(index - 1 - STATIC_TABLE.length);
    if (index === 0 || header === undefined) throw unreadable(`no header has the number ${index}`);
    return header;
  }
}
