// One entry of Envoy's access logs, read field by field into the same few variables, entry after entry: of some forty
// fields in each, fifteen are used, and texts are made only of those of an entry that counts.

import { wholeNumber } from '../core/whole-number.js';
import { readFlags } from './flags.js';
import { equals } from './interned.js';
import { LogAddress } from './log-address.js';
import { Lasting, Span } from './log-parts.js';
import { LENGTH, type Reader, tagOf, VARINT } from './protobuf/reader.js';

/** Of the entry. */
const COMMON = tagOf(1, LENGTH);
const RESPONSE = tagOf(4, LENGTH);
/** Of its common properties. */
const START = tagOf(5, LENGTH);
const FIRST_SENT = tagOf(7, LENGTH);
const FIRST_RECEIVED = tagOf(9, LENGTH);
const REMOTE_ADDRESS = tagOf(13, LENGTH);
const CLUSTER = tagOf(15, LENGTH);
const FLAGS = tagOf(16, LENGTH);
const TRANSPORT_FAILURE = tagOf(18, LENGTH);
const CUSTOM_TAGS = tagOf(22, LENGTH);
const DURATION = tagOf(23, LENGTH);
const ATTEMPT_COUNT = tagOf(24, VARINT);
const TYPE = tagOf(33, VARINT);
/** Of its response. */
const CODE = tagOf(1, LENGTH);
const HEADERS = tagOf(4, LENGTH);
const TRAILERS = tagOf(5, LENGTH);
const DETAILS = tagOf(6, LENGTH);
/** Of messages in them. */
const WRAPPED = tagOf(1, VARINT);
const MAP_KEY = tagOf(1, LENGTH);
const MAP_VALUE = tagOf(2, LENGTH);

const GRPC_STATUS = 'grpc-status';
const ID_TAG = 'sluice_id';
const ATTEMPT_TAG = 'attempt';

export class LogEntry {
  private readonly reader: Reader;
  type = 0;
  flags = 0;
  /** null: not said. */
  code: number | null = null;
  attemptCount: number | null = null;
  /** Since the epoch, by Envoy's clock: a Timestamp is laid out as a Duration is. */
  private readonly start = new Lasting();
  readonly firstSent = new Lasting();
  readonly firstReceived = new Lasting();
  readonly duration = new Lasting();
  readonly cluster = new Span();
  readonly transportFailure = new Span();
  readonly details = new Span();
  private readonly id = new Span();
  private readonly attemptTag = new Span();
  private readonly grpcTrailer = new Span();
  private readonly grpcHeader = new Span();
  private readonly address = new LogAddress();
  private readonly key = new Span();
  private readonly value = new Span();

  constructor(reader: Reader) {
    this.reader = reader;
  }

  /** One of its kind: it would only push others out. */
  get requestId(): string {
    const { start, end, present } = this.id;
    return present ? this.reader.bytes.toString('utf8', start, end) : '';
  }

  /** When it was over, by Envoy's clock: milliseconds since the epoch; null: it does not say. */
  get endedAtMs(): number | null {
    return this.start.present && this.duration.present ? this.start.ms + this.duration.ms : null;
  }

  /** The number in its tag; 0: it carries none. */
  get attempt(): number {
    return wholeNumber(this.attemptTag.text(this.reader)) ?? 0;
  }

  /** Of the trailers, or of the headers where there was no body. Decimal digits only; null for anything else. */
  get grpcStatus(): number | null {
    const from = this.grpcTrailer.present ? this.grpcTrailer : this.grpcHeader;
    return from.present ? wholeNumber(from.text(this.reader)) : null;
  }

  get host(): string | null {
    return this.address.text(this.reader);
  }

  text(span: Span): string {
    return span.text(this.reader);
  }

  /** Takes in the entry that the reader stands in. @throws WireError where it is none. */
  read(): void {
    this.clear();
    const { reader } = this;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === COMMON) this.common();
      else if (tag === RESPONSE) this.response();
      else reader.skip(tag);
    }
  }

  private common(): void {
    const { reader } = this;
    const outer = reader.enter();
    while (reader.more) this.commonField(reader.tag());
    reader.leave(outer);
  }

  private commonField(tag: number): void {
    const { reader } = this;
    switch (tag) {
      case START:
        return this.start.read(reader);
      case FIRST_SENT:
        return this.firstSent.read(reader);
      case FIRST_RECEIVED:
        return this.firstReceived.read(reader);
      case REMOTE_ADDRESS:
        return this.address.read(reader);
      case CLUSTER:
        return this.cluster.read(reader);
      case FLAGS:
        return this.readFlags();
      case TRANSPORT_FAILURE:
        return this.transportFailure.read(reader);
      case CUSTOM_TAGS:
        return this.customTag();
      case DURATION:
        return this.duration.read(reader);
      case ATTEMPT_COUNT:
        this.attemptCount = reader.uint32();
        return;
      case TYPE:
        this.type = reader.uint32();
        return;
      default:
        return reader.skip(tag);
    }
  }

  private readFlags(): void {
    const { reader } = this;
    const outer = reader.enter();
    this.flags = readFlags(reader, this.flags);
    reader.leave(outer);
  }

  private response(): void {
    const { reader } = this;
    const outer = reader.enter();
    while (reader.more) {
      const tag = reader.tag();
      if (tag === CODE) this.readCode();
      else if (tag === HEADERS) this.grpcStatusOf(this.grpcHeader);
      else if (tag === TRAILERS) this.grpcStatusOf(this.grpcTrailer);
      else if (tag === DETAILS) this.details.read(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  private readCode(): void {
    const { reader } = this;
    const outer = reader.enter();
    while (reader.more) {
      const tag = reader.tag();
      if (tag === WRAPPED) this.code = reader.uint32();
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  private customTag(): void {
    this.mapEntry();
    const { bytes } = this.reader;
    const { start, end } = this.key;
    if (equals(bytes, start, end, ID_TAG)) this.id.copy(this.value);
    else if (equals(bytes, start, end, ATTEMPT_TAG)) this.attemptTag.copy(this.value);
  }

  private grpcStatusOf(into: Span): void {
    this.mapEntry();
    const { start, end } = this.key;
    if (equals(this.reader.bytes, start, end, GRPC_STATUS)) into.copy(this.value);
  }

  /** Of a map of texts; what an entry leaves out is empty. */
  private mapEntry(): void {
    const { reader, key, value } = this;
    const outer = reader.enter();
    key.start = 0;
    key.end = 0;
    value.start = 0;
    value.end = 0;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === MAP_KEY) key.read(reader);
      else if (tag === MAP_VALUE) value.read(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  private clear(): void {
    this.type = 0;
    this.flags = 0;
    this.code = null;
    this.attemptCount = null;
    this.start.clear();
    this.firstSent.clear();
    this.firstReceived.clear();
    this.duration.clear();
    this.cluster.clear();
    this.transportFailure.clear();
    this.details.clear();
    this.id.clear();
    this.attemptTag.clear();
    this.grpcTrailer.clear();
    this.grpcHeader.clear();
    this.address.clear();
  }
}
