// Messages as any writer of protobuf may put them: fields in any order, numbers in more bytes than needed, fields and groups
// that nobody knows anywhere in between, texts that are no UTF-8. What two readers may rightly take differently (a message
// in pieces, more than one arm of a oneof) is left to tests of its own.

import fc from 'fast-check';
import type { Instruction } from '../../../src/core/stream.js';

type Bytes = fc.Arbitrary<Buffer>;

const VARINT = 0;
const LENGTH = 2;

/** Seven bits at a time, least first; `extra` bytes more than it takes, up to five: proto-loader trips over six to nine. */
export function varint(value: bigint, extra = 0): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn));
    rest >>= 7n;
  } while (rest > 0n);
  for (let i = 0; i < extra && bytes.length < 5; i++) bytes.push(0);
  return Buffer.from(bytes.map((byte, i) => (i < bytes.length - 1 ? byte | 0x80 : byte)));
}

function tag(number: number, wireType: number): Buffer {
  return varint(BigInt(number * 8 + wireType));
}

const ofLength = (number: number, content: Bytes): Bytes =>
  content.map((bytes) => Buffer.concat([tag(number, LENGTH), varint(BigInt(bytes.length)), bytes]));

const ofNumber = (number: number, value: fc.Arbitrary<bigint>): Bytes =>
  fc.tuple(value, fc.nat(2)).map(([n, extra]) => Buffer.concat([tag(number, VARINT), varint(n, extra)]));

const noise: Bytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));
const ascii: Bytes = fc
  .string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
  .map((text) => Buffer.from(text, 'latin1'));
const anyText: Bytes = fc.oneof(
  ascii,
  noise,
  fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
);

const constant = (text: string): Bytes => fc.constant(Buffer.from(text));
const uint32 = fc.bigInt({ min: 0n, max: 0xffff_ffffn });

/** Beyond every field that is known. */
const strange = fc.integer({ min: 1_000, max: 536_870_911 });

const unknownField: Bytes = strange.chain((number) =>
  fc.oneof(
    ofNumber(number, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    ofLength(number, noise),
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.concat([tag(number, 1), bytes])),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.concat([tag(number, 5), bytes])),
    fc
      .tuple(ofLength(7, noise), ofNumber(9, uint32))
      .map((inside) => Buffer.concat([tag(number, 3), ...inside, tag(number, 4)])),
  ),
);

/** One of each of these, or none, and any number of those, in any order, with unknown fields between them. */
function message(once: readonly Bytes[], often: readonly Bytes[] = [], maxOften = 3): Bytes {
  const single = once.map((field) => fc.option(field, { nil: Buffer.alloc(0) }));
  const many = fc.array(fc.oneof(...often, unknownField), { maxLength: maxOften });
  return fc
    .tuple(fc.tuple(...single), many)
    .chain(([some, more]) => fc.shuffledSubarray([...some, ...more], { minLength: some.length + more.length }))
    .map((fields) => Buffer.concat(fields));
}

/** An entry of a map: the value may come first, but comes. */
function mapEntry(number: number, key: Bytes, value: Bytes): Bytes {
  return ofLength(
    number,
    fc
      .tuple(ofLength(1, key), ofLength(2, value), fc.boolean())
      .map(([k, v, swapped]) => Buffer.concat(swapped ? [v, k] : [k, v])),
  );
}

const NAMES = [':method', ':path', ':status', 'x-sluice-id', 'x-sluice-cluster', 'x-envoy-max-retries', 'grpc-status'];
export const ASCII_NAMES: readonly string[] = [...NAMES, 'host', 'a', 'constructor', '__proto__'];

const name: Bytes = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ASCII_NAMES).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: anyText.filter((bytes) => bytes.length > 0) },
);

/** Texts and bytes may come more than once: the last one counts. */
const header: Bytes = fc
  .tuple(ofLength(1, name), message([], [ofLength(2, anyText), ofLength(3, anyText)], 4))
  .map((parts) => Buffer.concat(parts));
const headerMap: Bytes = message([], [ofLength(1, header)], 12);
const httpHeaders: Bytes = message([ofLength(1, headerMap)], [ofNumber(3, uint32)]);

export const ATTRIBUTE_NAMES = ['xds.cluster_name', 'response.flags', 'upstream.address', 'x', '__proto__'] as const;
const double: Bytes = fc.double().map((value) => {
  const bytes = Buffer.alloc(9, 0x11);
  bytes.writeDoubleLE(value, 1);
  return bytes;
});
const value: Bytes = fc.oneof(
  double,
  ofLength(3, fc.oneof(anyText, constant('NULL'))),
  ofNumber(1, fc.constant(0n)),
  ofNumber(4, fc.constantFrom(0n, 1n)),
  ofLength(5, fc.constant(Buffer.alloc(0))),
  unknownField,
);
const attributeName = fc.constantFrom(...ATTRIBUTE_NAMES).map((text) => Buffer.from(text));
const struct: Bytes = message([], [mapEntry(1, attributeName, value)], 8);
const attributes: Bytes = mapEntry(9, fc.oneof(constant('envoy.filters.http.ext_proc'), constant('other')), struct);

const body: Bytes = fc.constant(Buffer.alloc(0));
/** A ProcessingRequest with one arm at most. */
export const processingRequest: Bytes = fc
  .oneof(
    { weight: 4, arbitrary: ofLength(2, httpHeaders) },
    { weight: 4, arbitrary: ofLength(3, httpHeaders) },
    ...[4, 5, 6, 7].map((number) => ({ weight: 1, arbitrary: ofLength(number, body) })),
    { weight: 1, arbitrary: unknownField },
  )
  .chain((arm) => message([fc.constant(arm)], [attributes, attributes, ofLength(8, noise), ofNumber(10, uint32)], 5));

const int64 = fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n });
const int32 = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n });
const duration: Bytes = message([], [ofNumber(1, int64), ofNumber(2, int32)], 4);
const flag = fc
  .integer({ min: 2, max: 30 })
  .chain((number) => (number === 13 ? ofLength(13, noiseless()) : ofNumber(number, fc.constantFrom(0n, 1n, 1n))));
function noiseless(): Bytes {
  return fc.constant(Buffer.alloc(0));
}
const socketAddress: Bytes = message(
  [],
  [
    ofLength(2, fc.oneof(constant('10.0.0.1'), constant('fe80::1'), anyText)),
    ofNumber(3, fc.bigInt({ min: 0n, max: 65_535n })),
  ],
);
const address: Bytes = fc.oneof(
  ofLength(1, socketAddress),
  ofLength(2, message([], [ofLength(1, anyText)], 2)),
  unknownField,
);
const customTag: Bytes = mapEntry(
  22,
  fc.constantFrom('sluice_id', 'attempt', 'other', '__proto__').map((text) => Buffer.from(text)),
  fc.oneof(constant('1'), constant('12'), anyText),
);
const common: Bytes = message(
  [
    ofLength(5, duration),
    ofLength(7, duration),
    ofLength(9, duration),
    ofLength(13, address),
    ofLength(23, duration),
  ].concat(ofLength(16, message([], [flag], 6)), ofNumber(33, fc.constantFrom(6n, 9n, 5n))),
  [ofLength(15, anyText), ofLength(18, anyText), customTag, customTag, ofNumber(24, uint32), ofLength(6, noise)],
  8,
);
const grpcStatus = (number: number): Bytes =>
  mapEntry(number, fc.oneof(constant('grpc-status'), constant('x')), fc.oneof(constant('14'), constant('0'), anyText));
const response: Bytes = message(
  [ofLength(1, message([], [ofNumber(1, uint32)], 2))],
  [grpcStatus(4), grpcStatus(5), ofLength(6, anyText)],
  5,
);
const logEntry: Bytes = message([ofLength(1, common), ofLength(4, response)], [ofLength(2, noise)]);
/** A StreamAccessLogsMessage. */
export const accessLogs: Bytes = message([ofLength(2, message([], [ofLength(1, logEntry)], 4))], [ofLength(3, noise)]);

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const long = fc.string({ unit: 'binary-ascii', maxLength: 300 });
const pairs = fc.array(fc.tuple(text, fc.oneof(text, long)), { maxLength: 6 });
const changes = fc.record({ set: pairs, common: pairs, remove: fc.array(text, { maxLength: 4 }) });
const order = fc.option(fc.array(text, { minLength: 1, maxLength: 4 }));
const phase = fc.constantFrom('request_body', 'response_body', 'request_trailers', 'response_trailers');
const status = fc.nat(70_000);
const answer = fc.record({ status, headers: pairs, body: long, details: text, grpcStatus: fc.option(status) });

export const instruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.record({ kind: fc.constant('continue_request' as const), headers: changes, order }),
  fc.record({ kind: fc.constant('continue_response' as const), headers: changes, order }),
  fc.record({ kind: fc.constant('continue_other' as const), phase }),
  fc.record({ kind: fc.constant('extend_timeout' as const), ms: fc.double({ min: 0, max: 1e9, noNaN: true }) }),
  fc.record({ kind: fc.constant('respond' as const), answer }),
);
