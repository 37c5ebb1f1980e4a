// From HEADERS and CONTINUATION frames to requests and trailers. Every block is decoded, that of a refused stream too:
// the peer's table changes with each.

import { BlockCache } from './block-cache.js';
import type { Call, OpenCall, Responder } from './call.js';
import { ConnectionError } from './errors.js';
import { HeaderBlocks } from './header-blocks.js';
import { type Decoded, HpackDecoder } from './hpack/decoder.js';
import type { Header } from './hpack/static-table.js';
import type { Limits } from './limits.js';
import { blockStart, paddingOf } from './padding.js';
import { CODE, FLAG } from './protocol.js';
import { refusal } from './refused-call.js';
import { type RequestHead, readRequestHead } from './request-head.js';

/** What a header block asks for. */
export interface Request {
  readonly open: OpenCall;
  /** Bytes of body that were announced; null where none were. */
  readonly contentLength: number | null;
}

export interface IntakeHost {
  /** A header block of that stream has come: does it open it? */
  opens(id: number): boolean;
  request(id: number, endStream: boolean, request: Request): void;
  trailers(id: number, endStream: boolean, headers: readonly Header[]): void;
  refused(what: 'headers'): void;
}

const TOO_LONG = refusal(431, 'The headers are too long.\n');

export class HeaderIntake {
  private readonly host: IntakeHost;
  private readonly route: (head: RequestHead) => OpenCall;
  private readonly tableBytes: number;
  private readonly decoder: HpackDecoder;
  private readonly blocks: HeaderBlocks;
  private readonly cache = new BlockCache<Request>();

  constructor(host: IntakeHost, limits: Limits, route: (head: RequestHead) => OpenCall) {
    this.host = host;
    this.route = route;
    this.tableBytes = limits.headerTableBytes;
    this.decoder = new HpackDecoder(limits.maxHeaderListBytes);
    this.blocks = new HeaderBlocks(limits);
  }

  /** A block has begun: only CONTINUATION may come. */
  get unfinished(): boolean {
    return this.blocks.open;
  }

  /** The peer has our SETTINGS_HEADER_TABLE_SIZE. */
  settingsTaken(): void {
    this.decoder.allow(this.tableBytes);
  }

  headers(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id % 2 === 0) throw new ConnectionError(CODE.protocolError, `HEADERS on stream ${id}`);
    const padding = paddingOf(flags, bytes, start, end);
    const from = blockStart(flags, id, bytes, start, end);
    const to = end - padding;
    if (from > to) throw new ConnectionError(CODE.protocolError, 'the padding of HEADERS covers its priority');
    const endStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) === 0) this.blocks.begin(id, endStream, bytes, from, to);
    else this.block(id, endStream, bytes, from, to);
  }

  continuation(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const block = this.blocks.continue(id, (flags & FLAG.endHeaders) !== 0, bytes, start, end);
    if (block !== null) this.block(id, block.endStream, block.bytes, 0, block.bytes.length);
  }

  private block(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    if (this.host.opens(id)) this.host.request(id, endStream, this.request(bytes, start, end));
    else this.host.trailers(id, endStream, this.decoder.decode(bytes, start, end).headers);
  }

  /** Without a table, what a block means depends on nothing but its bytes: one that repeats is not read again. */
  private request(bytes: Buffer, start: number, end: number): Request {
    if (!this.decoder.stateless) return this.read(this.decoder.decode(bytes, start, end));
    const known = this.cache.find(bytes, start, end);
    if (known !== undefined) return known;
    const request = this.read(this.decoder.decode(bytes, start, end));
    this.cache.add(bytes, start, end, request);
    return request;
  }

  private read({ headers, tooLong }: Decoded): Request {
    if (tooLong) return { open: (responder) => this.tooLong(responder), contentLength: null };
    const head = readRequestHead(headers);
    return { open: this.route(head), contentLength: head.contentLength };
  }

  private tooLong(responder: Responder): Call {
    this.host.refused('headers');
    return TOO_LONG(responder);
  }
}
