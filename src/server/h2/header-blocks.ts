// A header block that does not fit one frame goes on in CONTINUATION frames: they are collected here, up to a limit, for
// nothing in HTTP/2 bounds them (CVE-2024-27316).

import { ConnectionError } from './errors.js';
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
