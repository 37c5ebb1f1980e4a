// Bytes that somebody made in order to hurt. Each of them has to be a WireError, or to be read in a time that grows no faster
// than the bytes do.

import { describe, expect, it } from 'vitest';
import { decodeAccessLogs } from '../../src/wire/access-log.js';
import { decodeProcessingRequest } from '../../src/wire/decode.js';
import { WireError } from '../../src/wire/error.js';
import { decodeHealthRequest } from '../../src/wire/health.js';
import { attributes, field, header, numeric, requestHeaders, text } from './support/bytes.js';

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const RAN_ON = `${'ff'.repeat(10)}01`;

const NOWHERE: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['a tag that runs on for eleven bytes', hex(RAN_ON)],
  ['a tag of more than 32 bits', hex('92 80 80 80 10 00')],
  ['a tag in six bytes', hex('92 80 80 80 80 00 00')],
  ['a length that runs on', hex(`12 ${RAN_ON}`)],
  ['a length of more than 32 bits, which cut to them would fit', hex('12 80 80 80 80 10')],
  ['a length in six bytes', hex('12 80 80 80 80 80 00')],
  ['a length beyond the end', hex('12 02 00')],
  ['a length of 2^31', hex('12 80 80 80 80 08')],
  ['a length of -1 in five bytes', hex('12 ff ff ff ff 0f')],
  ['a length of -1 in ten bytes', hex('12 ff ff ff ff ff ff ff ff ff 01')],
  ['a length that is cut off', hex('12 80')],
  ['a tag that is cut off', hex('92')],
  ['field number 0', hex('02 00')],
  ['a number that runs on', hex(`50 ${RAN_ON}`)],
  ['a number that is cut off', hex('50 80')],
  ['seven of eight bytes', hex('51 00 00 00 00 00 00 00')],
  ['three of four bytes', hex('55 00 00 00')],
  ['wire type 6', hex('16 00')],
  ['wire type 7', hex('17 00')],
  ['the end of a group that did not begin', hex('14')],
  ['a group that does not end', hex('53 08 01')],
  ['a group that ends as another', hex('53 5c')],
  ['a thousand groups within each other', Buffer.alloc(1_000, hex('53'))],
  ['a megabyte of groups within each other', Buffer.alloc(2 ** 20, hex('53'))],
];

describe.each([
  ['a ProcessingRequest', decodeProcessingRequest],
  ['a StreamAccessLogsMessage', decodeAccessLogs],
  ['a HealthCheckRequest', decodeHealthRequest],
])('%s', (_name, decode) => {
  it.each(NOWHERE)('with %s is a WireError', (_what, bytes) => {
    expect(() => decode(bytes)).toThrow(WireError);
    expect(() => decode(Buffer.concat([bytes, Buffer.alloc(0)]), 0, bytes.length)).toThrow(/not a message of protobuf/);
  });

  it('is not read beyond its end, whatever stands there', () => {
    const cut = hex('12 05 0a 03');
    expect(() => decode(Buffer.concat([cut, Buffer.alloc(20)]), 0, cut.length)).toThrow(WireError);
  });
});

describe('a message within another', () => {
  /** Each of these is longer than what holds it, and not longer than the whole. */
  const LONGER: readonly (readonly [where: string, decode: (bytes: Buffer) => unknown, bytes: Buffer])[] = [
    ['headers', decodeProcessingRequest, Buffer.concat([hex('12 02 0a 04'), Buffer.alloc(20)])],
    ['a header', decodeProcessingRequest, Buffer.concat([hex('12 04 0a 02 0a 04'), Buffer.alloc(20)])],
    ['a header name', decodeProcessingRequest, Buffer.concat([hex('12 06 0a 04 0a 02 0a 09'), Buffer.alloc(20)])],
    ['attributes', decodeProcessingRequest, Buffer.concat([hex('4a 02 12 09'), Buffer.alloc(20)])],
    ['log entries', decodeAccessLogs, Buffer.concat([hex('12 02 0a 09'), Buffer.alloc(20)])],
    ['common properties', decodeAccessLogs, Buffer.concat([hex('12 04 0a 02 0a 09'), Buffer.alloc(20)])],
    ['a tag', decodeAccessLogs, Buffer.concat([hex('12 07 0a 05 0a 03 b2 01 09'), Buffer.alloc(20)])],
  ];

  it.each(LONGER)('that is longer than what it lies in is a WireError: %s', (_where, decode, bytes) => {
    expect(() => decode(bytes)).toThrow(WireError);
  });

  it('that ends inside a number is a WireError, though the number goes on behind it', () => {
    expect(() => decodeProcessingRequest(hex('12 02 18 80 01'))).toThrow(WireError);
  });
});

describe('a field of another wire type than it should have', () => {
  it('is one that nobody knows', () => {
    const wrong = [numeric(2, 1), numeric(9, 1), hex('19 0000000000000000')];
    const event = decodeProcessingRequest(requestHeaders([header('a', '1')], ...wrong));
    expect(event.kind === 'request_headers' && event.headers.get('a')).toBe('1');
    expect(() => decodeProcessingRequest(Buffer.concat(wrong))).toThrow(/of no kind known here/);
  });

  it('of a log entry is as well', () => {
    const common = field(1, numeric(33, 9), numeric(7, 1), numeric(15, 1), field(24, 'x'), field(16, field(6, 'x')));
    const [entry] = decodeAccessLogs(field(2, field(1, common))).entries;
    expect(entry).toMatchObject({ cluster: '', evidence: { written: false, flags: 0 } });
  });
});

describe('a million bytes', () => {
  const MEGABYTE = 2 ** 20;
  const repeated = (each: (index: number) => Buffer) => {
    const parts: Buffer[] = [];
    for (let size = 0; size < MEGABYTE; ) {
      const part = each(parts.length);
      parts.push(part);
      size += part.length;
    }
    return parts;
  };
  /** Linear, this takes some tens of milliseconds; quadratic, minutes. */
  const SOON_MS = 20_000;

  it('of different headers are read, and asked for, in no time', { timeout: SOON_MS }, () => {
    const headers = repeated((index) => header(`x-sluice-${index}`, ''));
    const event = decodeProcessingRequest(requestHeaders(headers));
    if (event.kind !== 'request_headers') throw new Error(event.kind);
    expect(event.headers.startingWith('x-sluice-').length).toBe(headers.length);
    expect(event.headers.all('x-sluice-7')).toEqual(['']);
    expect(event.headers.get('x-none')).toBeUndefined();
  });

  it('of attributes are as well', { timeout: SOON_MS }, () => {
    const values = repeated((index) => field(1, field(1, `a${index}`), field(2, text('x'))));
    const event = decodeProcessingRequest(
      requestHeaders([], field(9, field(1, 'envoy.filters.http.ext_proc'), field(2, ...values))),
    );
    expect(event.kind === 'request_headers' && event.attributes.string('a7')).toBe('x');
  });

  it('of map entries under our name are as well, and the last one counts', { timeout: SOON_MS }, () => {
    const maps = repeated((index) => attributes([['x', text(String(index))]]));
    const event = decodeProcessingRequest(requestHeaders([], ...maps));
    expect(event.kind === 'request_headers' && event.attributes.string('x')).toBe(String(maps.length - 1));
  });

  it('of empty log entries are as well', { timeout: SOON_MS }, () => {
    const entries = repeated(() => field(1));
    expect(decodeAccessLogs(field(2, Buffer.concat(entries)))).toMatchObject({ entries: [], other: entries.length });
  });

  it('of custom tags are as well', { timeout: SOON_MS }, () => {
    const tags = repeated((index) => field(22, field(1, 'sluice_id'), field(2, String(index))));
    const { entries } = decodeAccessLogs(field(2, field(1, field(1, numeric(33, 9), ...tags))));
    expect(entries[0]?.id).toBe(String(tags.length - 1));
  });
});
