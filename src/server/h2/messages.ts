// gRPC messages in DATA frames: five bytes (a flag and the length), then the message, cut anywhere. One that lies whole
// in a frame, as nearly all do, is handed on where it lies.

/** Flag and length. */
export const PREFIX_BYTES = 5;
const COMPRESSED = 1;
const INITIAL_BYTES = 1_024;

export type Refusal = 'compressed' | 'flag' | 'too_long' | 'too_much';

export interface MessageSink {
  message(bytes: Buffer, start: number, end: number): void;
  /** Nothing more is read after it. */
  refuseMessage(why: Refusal): void;
  /** False once nobody wants more. */
  readonly open: boolean;
}

/** Bytes of unfinished messages, of all streams of a connection together. */
export interface Held {
  bytes: number;
  readonly maxBytes: number;
}

export class MessageReader {
  private readonly sink: MessageSink;
  private readonly held: Held;
  private readonly maxBytes: number;
  /** Prefix and message as far as they have come; it grows with what arrives, whatever length is announced. */
  private partial: Buffer | null = null;
  private filled = 0;

  constructor(sink: MessageSink, held: Held, maxBytes: number) {
    this.sink = sink;
    this.held = held;
    this.maxBytes = maxBytes;
  }

  /** A message has begun and not ended. */
  get unfinished(): boolean {
    return this.partial !== null;
  }

  read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && this.sink.open) {
      const next = this.partial === null ? this.whole(bytes, at, end) : this.more(this.partial, bytes, at, end);
      if (next < 0) return;
      at = next;
    }
  }

  /** Gives back what it holds. */
  drop(): void {
    this.held.bytes -= this.filled;
    this.filled = 0;
    this.partial = null;
  }

  /** A whole message at `at`, or the start of one. Gives where to go on; negative: nowhere. */
  private whole(bytes: Buffer, at: number, end: number): number {
    if (end - at < PREFIX_BYTES) return this.begin(bytes, at, end);
    const length = this.lengthAt(bytes, at);
    if (length < 0) return -1;
    const from = at + PREFIX_BYTES;
    if (end - from < length) return this.begin(bytes, at, end);
    this.sink.message(bytes, from, from + length);
    return from + length;
  }

  private begin(bytes: Buffer, at: number, end: number): number {
    this.partial = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, end - at));
    return this.append(bytes, at, end) ? end : -1;
  }

  private more(partial: Buffer, bytes: Buffer, at: number, end: number): number {
    if (this.filled < PREFIX_BYTES) {
      const upTo = Math.min(end, at + PREFIX_BYTES - this.filled);
      if (!this.append(bytes, at, upTo)) return -1;
      if (this.filled < PREFIX_BYTES) return end;
      return this.complete(partial, upTo);
    }
    const length = this.lengthAt(partial, 0);
    const upTo = Math.min(end, at + PREFIX_BYTES + length - this.filled);
    if (!this.append(bytes, at, upTo)) return -1;
    return this.complete(this.partial ?? partial, upTo);
  }

  /** Hands the message on if it is there. */
  private complete(partial: Buffer, at: number): number {
    const length = this.lengthAt(partial, 0);
    if (length < 0) return -1;
    const total = PREFIX_BYTES + length;
    if (this.filled < total) return at;
    this.drop();
    this.sink.message(partial, PREFIX_BYTES, total);
    return at;
  }

  private append(bytes: Buffer, at: number, end: number): boolean {
    const count = end - at;
    this.held.bytes += count;
    let partial = this.partial ?? Buffer.allocUnsafeSlow(INITIAL_BYTES);
    if (this.filled + count > partial.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.filled + count, partial.length * 2));
      larger.set(partial.subarray(0, this.filled));
      partial = larger;
      this.partial = partial;
    }
    partial.set(bytes.subarray(at, end), this.filled);
    this.filled += count;
    if (this.held.bytes <= this.held.maxBytes) return true;
    this.sink.refuseMessage('too_much');
    return false;
  }

  /** Negative: it was refused. */
  private lengthAt(bytes: Buffer, at: number): number {
    const flag = bytes[at] ?? 0;
    const length = bytes.readUInt32BE(at + 1);
    if (flag !== 0) this.sink.refuseMessage(flag === COMPRESSED ? 'compressed' : 'flag');
    else if (length > this.maxBytes) this.sink.refuseMessage('too_long');
    else return length;
    return -1;
  }
}
