// From HEADERS and its CONTINUATION frames to a header list. Every block is decoded, that of a refused stream too: the
// peer's table changes with each.

import type { BlockCache } from './block-cache.js';
import { ConnectionError } from './errors.js';
import type { Decoded, HpackDecoder } from './hpack/decoder.js';
import type { Limits } from './limits.js';
import { CODE } from './protocol.js';

/** A block that is still coming. */
interface Unfinished {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

export interface Block {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly bytes: Buffer;
}

/** Collects a block that did not fit one frame. */
export class HeaderBlocks {
  private readonly limits: Limits;
  private unfinished: Unfinished | null = null;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** While it is so, nothing but CONTINUATION may come. */
  get open(): boolean {
    return this.unfinished !== null;
  }

  begin(streamId: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    this.unfinished = { streamId, endStream, parts: [], bytes: 0 };
    this.add(this.unfinished, bytes, start, end);
  }

  /** The whole block, once it is complete. @throws ConnectionError where none is open, or it is too much. */
  continue(streamId: number, last: boolean, bytes: Buffer, start: number, end: number): Block | null {
    const block = this.unfinished;
    if (block === null || block.streamId !== streamId) {
      throw new ConnectionError(CODE.protocolError, `CONTINUATION on stream ${streamId} continues nothing`);
    }
    this.add(block, bytes, start, end);
    if (!last) return null;
    this.unfinished = null;
    return { streamId, endStream: block.endStream, bytes: Buffer.concat(block.parts) };
  }

  private add(block: Unfinished, bytes: Buffer, start: number, end: number): void {
    const { maxHeaderBlockBytes, maxContinuations } = this.limits;
    block.bytes += end - start;
    if (block.bytes > maxHeaderBlockBytes || block.parts.length > maxContinuations) {
      throw new ConnectionError(CODE.enhanceYourCalm, `a header block of ${block.bytes} bytes, unfinished`);
    }
    block.parts.push(Buffer.from(bytes.subarray(start, end)));
  }
}

/** What `make` makes of a block; of one that repeats, what it made before. `make` may throw: nothing is kept then. */
export function readBlock<T>(
  { bytes, start, end }: { bytes: Buffer; start: number; end: number },
  decoder: HpackDecoder,
  cache: BlockCache<T>,
  make: (decoded: Decoded) => T,
): T {
  if (!decoder.stateless) return make(decoder.decode(bytes, start, end));
  const known = cache.find(bytes, start, end);
  if (known !== undefined) return known;
  const made = make(decoder.decode(bytes, start, end));
  cache.add(bytes, start, end, made);
  return made;
}
