// gRPC status codes, those that are given here (https://grpc.io/docs/guides/status-codes), and the header blocks in
// which they travel. All blocks that do not carry a text are made once.

import { encodeHeaders } from './hpack/encode.js';
import type { Header } from './hpack/static-table.js';

export const STATUS = {
  ok: 0,
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

/** Text for people; longer ones are cut. */
const MAX_TEXT = 1_024;

const START: readonly Header[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

/** The headers of every answer that has messages. */
export const ANSWER_BLOCK = encodeHeaders(START);
/** Trailers of a call that went well. */
export const OK_BLOCK = encodeHeaders([['grpc-status', '0']]);

/** Printable ASCII but "%", as the gRPC protocol wants it; the rest as %XX, byte by byte. */
function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text.slice(0, MAX_TEXT))) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function statusHeaders(status: Status, text: string): Header[] {
  return [
    ['grpc-status', String(status)],
    ['grpc-message', percentEncoded(text)],
  ];
}

/** After messages. */
export function trailersBlock(status: Status, text: string): Buffer {
  return encodeHeaders(statusHeaders(status, text));
}

/** Instead of messages: headers and trailers in one. */
export function trailersOnlyBlock(status: Status, text: string): Buffer {
  return encodeHeaders([...START, ...statusHeaders(status, text)]);
}

export const OK_ONLY_BLOCK = encodeHeaders([...START, ['grpc-status', '0']]);

/** For what is no gRPC at all: the headers of an answer of HTTP with a text. */
export function httpBlock(status: number): Buffer {
  return encodeHeaders([
    [':status', String(status)],
    ['content-type', 'text/plain'],
  ]);
}
