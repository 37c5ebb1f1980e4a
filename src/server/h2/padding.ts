// DATA and HEADERS may be padded, and HEADERS may carry a priority in front (RFC 9113, sections 6.1 and 6.2).

import { ConnectionError } from './errors.js';
import { uint31 } from './frame-reader.js';
import { CODE, FLAG } from './protocol.js';

const PRIORITY_BYTES = 5;

export function tooShort(what: string, bytes: number): ConnectionError {
  return new ConnectionError(CODE.frameSizeError, `${what} of ${bytes} bytes`);
}

/** @throws ConnectionError: nothing has a priority below itself. */
export function checkPriority(streamId: number, bytes: Buffer, at: number): void {
  if (uint31(bytes, at) !== streamId) return;
  throw new ConnectionError(CODE.protocolError, `stream ${streamId} depends on itself`);
}

/** Bytes of padding behind the content; the byte in front that says so is not counted. */
export function paddingOf(flags: number, bytes: Buffer, start: number, end: number): number {
  if ((flags & FLAG.padded) === 0) return 0;
  if (start === end) throw tooShort('a padded frame', 0);
  const padding = bytes[start] ?? 0;
  if (padding < end - start) return padding;
  throw new ConnectionError(CODE.protocolError, `${padding} bytes of padding in a frame of ${end - start}`);
}

/** Where the header block begins in HEADERS: after the length of the padding and the priority, where they are. */
export function blockStart(flags: number, streamId: number, bytes: Buffer, start: number, end: number): number {
  let at = start;
  if ((flags & FLAG.padded) !== 0) at++;
  if ((flags & FLAG.priority) === 0) return at;
  if (end - at < PRIORITY_BYTES) throw tooShort('HEADERS with priority', end - start);
  checkPriority(streamId, bytes, at);
  return at + PRIORITY_BYTES;
}
