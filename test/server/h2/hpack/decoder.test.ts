// The examples of RFC 7541, appendix C, and what may not be decoded.

import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../../src/server/h2/errors.js';
import { HpackDecoder } from '../../../../src/server/h2/hpack/decoder.js';
import { CODE } from '../../../../src/server/h2/protocol.js';

const LIST_BYTES = 4_096;

function decoder(): HpackDecoder {
  return new HpackDecoder(LIST_BYTES);
}

/** Each header as `name: value`. */
function decode(hex: string, by = decoder()): string[] {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return by.decode(bytes, 0, bytes.length).headers.map(([name, value]) => `${name}: ${value}`);
}

const FIRST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const SECOND = [...FIRST, 'cache-control: no-cache'];
const THIRD = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
];
const DATE = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const LOCATION = 'location: https://www.example.com';
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';

describe('the examples of RFC 7541', () => {
  it.each([
    [
      'C.2.1, a literal that is indexed',
      '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
      'custom-key: custom-header',
    ],
    ['C.2.2, a literal that is not', '040c2f73616d706c652f70617468', ':path: /sample/path'],
    ['C.2.3, a literal that never is', '100870617373776f726406736563726574', 'password: secret'],
    ['C.2.4, an indexed field', '82', ':method: GET'],
  ])('%s', (_, hex, header) => {
    expect(decode(hex)).toEqual([header]);
  });

  it.each([
    [
      'C.3, without Huffman',
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
    [
      'C.4, with Huffman',
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
  ])('requests on one connection, %s', (_, first, second, third) => {
    const one = decoder();
    expect([decode(first, one), decode(second, one), decode(third, one)]).toEqual([FIRST, SECOND, THIRD]);
  });

  it.each([
    [
      'C.5, without Huffman',
      `4803333032580770726976617465611d4d6f6e2c203231204f63742032303133
       2032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
      '4803333037c1c0bf',
      `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a697077
       38666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31`,
    ],
    [
      'C.6, with Huffman',
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      '4883640effc1c0bf',
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad
       94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
    ],
  ])('answers with a table of 256 bytes, which evicts, %s', (_, first, second, third) => {
    const one = decoder();
    decode('3fe101', one);
    const clean = (hex: string) => hex.replaceAll(/\s/g, '');
    expect(decode(clean(first), one)).toEqual([':status: 302', 'cache-control: private', DATE, LOCATION]);
    expect(decode(clean(second), one)).toEqual([':status: 307', 'cache-control: private', DATE, LOCATION]);
    expect(decode(clean(third), one)).toEqual([
      ':status: 200',
      'cache-control: private',
      DATE.replace(':21 ', ':22 '),
      LOCATION,
      'content-encoding: gzip',
      COOKIE,
    ]);
  });
});

describe('a block', () => {
  it.each([
    ['an index of nothing', '80'],
    ['an index after the static table, of an empty one', 'be'],
    ['an index far beyond', 'ff8001'],
    ['the name of a header that is not there', '7f00 0161'],
    ['a number that does not end', 'ff'],
    ['a number that never ends', 'ffffffffffffffffffff'],
    ['a string longer than the block', '0003616200'.slice(0, 6)],
    ['a literal without a value', '000161'],
    ['a value longer than the block', '0001610562'],
    ['Huffman with a code too much', '0001 6182 ffff'],
    ['Huffman with zeros at the end', '000161 81 18'],
    ['Huffman with the end-of-string symbol', '000161 84 ffffffff'],
    ['a new table size after a field', '8220'],
    ['a table larger than allowed', '3fe21f'],
  ])('with %s costs the connection', (_, hex) => {
    expect(() => decode(hex)).toThrow(ConnectionError);
    expect(() => decode(hex)).toThrow(expect.objectContaining({ code: CODE.compressionError }));
  });

  it('may change the size of the table more than once, at its start', () => {
    expect(decode('203fe11f82')).toEqual([':method: GET']);
  });

  it('that is empty has no headers', () => {
    expect(decode('')).toEqual([]);
  });

  it('within a larger buffer is read between its bounds only', () => {
    const bytes = Buffer.from('ff8284ff', 'hex');
    expect(decoder().decode(bytes, 1, 3).headers).toEqual([
      [':method', 'GET'],
      [':path', '/'],
    ]);
  });

  it('that is too long when decoded is cut and says so, and the table stays right', () => {
    const one = decoder();
    const long = `40 01 61 7f 81 07 ${'78'.repeat(1024)}`;
    const first = Buffer.from(long.replaceAll(' ', ''), 'hex');
    expect(one.decode(first, 0, first.length).tooLong).toBe(false);
    const bomb = Buffer.alloc(100, 0xbe);
    const { headers, tooLong } = one.decode(bomb, 0, bomb.length);
    expect([headers.length, tooLong]).toEqual([3, true]);
    expect(decode('be', one)[0]?.length).toBe('a: '.length + 1024);
  });
});

describe('a table that the peer was told not to use', () => {
  it('is empty from the acknowledgement on', () => {
    const one = decoder();
    decode('400161 0162'.replace(' ', ''), one);
    expect(decode('be', one)).toEqual(['a: b']);
    expect(one.stateless).toBe(false);
    one.allow(0);
    expect(one.stateless).toBe(true);
    expect(() => decode('be', one)).toThrow(/no header has the number 62/);
  });

  it('may be declared empty, and nothing else', () => {
    const one = decoder();
    one.allow(0);
    expect(decode('2082', one)).toEqual([':method: GET']);
    expect(() => decode('2182', one)).toThrow(/a table of 1 bytes, allowed are 0/);
  });

  it('takes what the peer wants indexed as if it were not', () => {
    const one = decoder();
    one.allow(0);
    expect(decode('4001610162', one)).toEqual(['a: b']);
    expect(() => decode('be', one)).toThrow(/no header has the number 62/);
  });
});
