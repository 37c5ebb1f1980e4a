// From the bytes of a ProcessingRequest to the event that a handler understands.

import type { OtherPhase, StreamEvent } from '../core/stream.js';
import { WireAttributes } from './attributes.js';
import { WireError } from './error.js';
import { WireHeaders } from './headers.js';
import { equals } from './interned.js';
import { LENGTH, Reader, tagOf } from './protobuf/reader.js';

/** The filter's name, under which its attributes are filed. */
const FILTER = 'envoy.filters.http.ext_proc';

const REQUEST_HEADERS = tagOf(2, LENGTH);
const RESPONSE_HEADERS = tagOf(3, LENGTH);
const REQUEST_BODY = tagOf(4, LENGTH);
const RESPONSE_BODY = tagOf(5, LENGTH);
const REQUEST_TRAILERS = tagOf(6, LENGTH);
const RESPONSE_TRAILERS = tagOf(7, LENGTH);
const ATTRIBUTES = tagOf(9, LENGTH);
const KEY = tagOf(1, LENGTH);
const VALUE = tagOf(2, LENGTH);

const NOTHING = Buffer.alloc(0);

/** What has been read of a message. */
class Message {
  private readonly reader = new Reader(NOTHING, 0, 0);
  /** Tag of the arm of the oneof that came last; 0: none. */
  arm = 0;
  headers = new WireHeaders(NOTHING);
  attributes = new WireAttributes(NOTHING);

  read(bytes: Buffer, start: number, end: number): void {
    const { reader } = this;
    reader.moveTo(bytes, start, end);
    this.arm = 0;
    this.headers = new WireHeaders(bytes);
    this.attributes = new WireAttributes(bytes);
    while (reader.more) {
      const tag = reader.tag();
      if (tag === REQUEST_HEADERS || tag === RESPONSE_HEADERS) this.readHeaders(tag);
      else if (tag === ATTRIBUTES) this.readAttributes();
      else {
        if (tag >= REQUEST_BODY && tag <= RESPONSE_TRAILERS && phaseOf(tag) !== null) this.arm = tag;
        reader.skip(tag);
      }
    }
  }

  /** The arms exclude each other; one that comes in pieces is put together. */
  private readHeaders(tag: number): void {
    const { reader } = this;
    if (this.arm !== 0 && this.arm !== tag) this.headers = new WireHeaders(reader.bytes);
    this.arm = tag;
    const outer = reader.enter();
    this.headers.read(reader);
    reader.leave(outer);
  }

  /** One entry of the map. Its key may come behind its value, so it is looked for first. */
  private readAttributes(): void {
    const { reader } = this;
    const outer = reader.enter();
    const from = reader.at;
    if (this.isOurs()) {
      // Of two entries with one key the last one counts.
      this.attributes = new WireAttributes(reader.bytes);
      reader.at = from;
      this.readStructs();
    }
    reader.leave(outer);
  }

  private isOurs(): boolean {
    const { reader } = this;
    let ours = false;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === KEY) {
        const end = reader.stop();
        ours = equals(reader.bytes, reader.at, end, FILTER);
        reader.at = end;
      } else reader.skip(tag);
    }
    return ours;
  }

  private readStructs(): void {
    const { reader } = this;
    while (reader.more) {
      const tag = reader.tag();
      if (tag === VALUE) {
        const outer = reader.enter();
        this.attributes.read(reader);
        reader.leave(outer);
      } else reader.skip(tag);
    }
  }
}

function phaseOf(arm: number): OtherPhase | null {
  switch (arm) {
    case REQUEST_BODY:
      return 'request_body';
    case RESPONSE_BODY:
      return 'response_body';
    case REQUEST_TRAILERS:
      return 'request_trailers';
    case RESPONSE_TRAILERS:
      return 'response_trailers';
    default:
      return null;
  }
}

/**
 * One for all: no message is read in the middle of another one. What it has read last stays until the next one comes, which
 * keeps the code for it compiled (`AdmissionHandler.latest` says why).
 */
const message = new Message();

/**
 * One message of Envoy's: the bytes from `start` to `end`. What is not used of it is skipped without a look.
 * @throws WireError where the bytes are no such message, or one of a kind that did not exist when this was written:
 * it has no answer, and failing its stream lets Envoy go on at once where silence would cost it a timeout.
 */
export function decodeProcessingRequest(bytes: Buffer, start = 0, end = bytes.length): StreamEvent {
  message.read(bytes, start, end);
  const { arm, headers, attributes } = message;
  if (arm === REQUEST_HEADERS) return { kind: 'request_headers', headers, attributes };
  if (arm === RESPONSE_HEADERS) return { kind: 'response_headers', headers, attributes };
  const phase = phaseOf(arm);
  if (phase === null) throw new WireError(`a ProcessingRequest of ${end - start} bytes is of no kind known here`);
  return { kind: 'other', phase };
}
