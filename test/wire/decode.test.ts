import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeProcessingRequest } from '../../src/wire/decode.js';
import { WireError } from '../../src/wire/error.js';
import { attributes, field, header, numeric, requestHeaders, text } from './support/bytes.js';
import { recorded } from './support/recorded.js';

function decodeHeaders(...headers: Buffer[]) {
  const event = decodeProcessingRequest(requestHeaders(headers));
  if (event.kind === 'other') throw new Error('expected headers');
  return event.headers;
}

function decodeAttributes(...values: (readonly [string, Buffer])[]) {
  const event = decodeProcessingRequest(requestHeaders([], attributes(values)));
  if (event.kind === 'other') throw new Error('expected headers');
  return event.attributes;
}

describe('headers', () => {
  it('give the first value of a name, all of them, and every distinct name', () => {
    const headers = decodeHeaders(header('a', '1'), header('b', '2'), header('a', '3'));
    expect(headers.get('a')).toBe('1');
    expect(headers.all('a')).toEqual(['1', '3']);
    expect(headers.startingWith('')).toEqual(['a', 'b']);
  });

  it('know nothing of names that were not sent, those of every object included', () => {
    const headers = decodeHeaders(header('a', '1'));
    expect(headers.get('constructor')).toBeUndefined();
    expect(headers.all('toString')).toEqual([]);
  });

  it('take the older text field where there are no bytes', () => {
    expect(decodeHeaders(field(1, field(1, 'a'), field(2, 'old'))).get('a')).toBe('old');
  });

  it('are empty strings where a header has no value', () => {
    expect(decodeHeaders(field(1, field(1, 'a'))).get('a')).toBe('');
  });

  it('keep any sequence of bytes, one character per byte', () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const value = decodeHeaders(header('a', everyByte)).get('a') ?? '';
    expect(Buffer.from(value, 'latin1')).toEqual(everyByte);
  });

  it('give the first value as text, where its bytes are UTF-8', () => {
    const headers = decodeHeaders(header('a', Buffer.from('modèle 東京')), header('a', 'second'), header('b', 'plain'));
    expect([headers.text('a'), headers.text('b'), headers.text('c')]).toEqual(['modèle 東京', 'plain', undefined]);
    expect(headers.get('a')).not.toBe(headers.text('a'));
  });

  it('show U+FFFD in a text where the bytes are none', () => {
    expect(decodeHeaders(header('a', Buffer.from([0x61, 0xff]))).text('a')).toBe('a\ufffd');
  });

  it('may be missing altogether', () => {
    const event = decodeProcessingRequest(field(3));
    expect(event.kind).toBe('response_headers');
    expect(event.kind === 'response_headers' && event.headers.startingWith('')).toEqual([]);
  });
});

describe('many messages at a time', () => {
  it('keep their headers and attributes apart, however long they are kept', () => {
    const event = (i: number) => {
      const headers = Array.from({ length: i % 40 }, (_, n) => header(`h${n}`, `${i}-${n}`));
      return decodeProcessingRequest(requestHeaders(headers, attributes([['a', text(`${i}`)]])));
    };
    const events = Array.from({ length: 3_000 }, (_, i) => event(i));
    for (const [i, each] of events.entries()) {
      if (each.kind !== 'request_headers') throw new Error(each.kind);
      expect(each.headers.startingWith('').length).toBe(i % 40);
      expect(each.headers.get('h0')).toBe(i % 40 === 0 ? undefined : `${i}-0`);
      expect(each.headers.get(`h${(i % 40) - 1}`)).toBe(i % 40 === 0 ? undefined : `${i}-${(i % 40) - 1}`);
      expect(each.attributes.string('a')).toBe(`${i}`);
    }
  });

  it('may be read in pieces, each between those of others, without mixing', () => {
    const piece = (name: string) => field(2, field(1, header(name, name)));
    const pieces = Array.from({ length: 6_000 }, (_, i) => [piece(`p${i}`), attributes([['a', text(`${i}`)]])]).flat();
    const event = decodeProcessingRequest(Buffer.concat(pieces));
    if (event.kind !== 'request_headers') throw new Error(event.kind);
    expect(event.headers.startingWith('p').length).toBe(6_000);
    expect(event.headers.get('p5999')).toBe('p5999');
    expect(event.attributes.string('a')).toBe('5999');
  });
});

describe('attributes', () => {
  const number = Buffer.concat([Buffer.from([0x11]), Buffer.from(new Float64Array([32]).buffer)]);

  it('are numbers or strings, each under its own type', () => {
    const found = decodeAttributes(['n', number], ['s', text('x')]);
    expect([found.number('n'), found.string('n')]).toEqual([32, undefined]);
    expect([found.string('s'), found.number('s')]).toEqual(['x', undefined]);
  });

  it('are absent where Envoy writes NULL', () => {
    const found = decodeAttributes(['s', text('NULL')]);
    expect(found.string('s')).toBeUndefined();
    expect(found.has('s')).toBe(false);
  });

  it('are present where they are empty', () => {
    expect(decodeAttributes(['s', text('')]).has('s')).toBe(true);
  });

  it('have no names that every object has', () => {
    const found = decodeAttributes(['s', text('x')]);
    expect(found.has('constructor')).toBe(false);
    expect(found.string('__proto__')).toBeUndefined();
  });

  it('of another filter are not ours', () => {
    const event = decodeProcessingRequest(requestHeaders([], attributes([['s', text('x')]], 'another')));
    expect(event.kind === 'request_headers' && event.attributes.has('s')).toBe(false);
  });
});

describe('kinds of message', () => {
  it.each([
    [4, 'request_body'],
    [5, 'response_body'],
    [6, 'request_trailers'],
    [7, 'response_trailers'],
  ])('field %i is %s', (number, phase) => {
    const message = field(number, field(9, 'whatever it holds'));
    expect(decodeProcessingRequest(message)).toEqual({ kind: 'other', phase });
  });

  it('a kind of a later version is a WireError', () => {
    expect(() => decodeProcessingRequest(field(200, 'new'))).toThrow(WireError);
  });

  it('an empty message is a WireError', () => {
    expect(() => decodeProcessingRequest(Buffer.alloc(0))).toThrow(/of no kind known here/);
  });
});

describe('bytes that Envoy would not send', () => {
  it('unknown fields change nothing, at any depth', () => {
    const strange = Buffer.concat([field(1, field(1, 'a'), field(3, '1'), field(99, 'x')), numeric(77, 5)]);
    const event = decodeProcessingRequest(requestHeaders([strange], field(1000, 'x')));
    expect(event.kind === 'request_headers' && event.headers.get('a')).toBe('1');
  });

  it('a message cut short anywhere is a WireError, or whole up to there', () => {
    const whole = requestHeaders([header('a', '1')]);
    for (let length = 1; length < whole.length; length++) {
      expect(() => decodeProcessingRequest(whole.subarray(0, length)), `${length} bytes`).toThrow(WireError);
    }
  });

  it.each([
    ['ok', 'admission'],
    ['retried', 'gate'],
    ['judged', 'judge'],
  ])('a recorded message cut short gives an event or a WireError, never anything else: %s, %s', (scenario, from) => {
    for (const bytes of recorded(scenario, from)) {
      for (let length = 0; length < bytes.length; length++) expectEventOrWireError(bytes.subarray(0, length));
    }
  });

  it('noise gives an event or a WireError, never anything else', () => {
    const noise = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
    fc.assert(fc.property(noise, expectEventOrWireError), { numRuns: 2000 });
  });

  it('deep nesting of lists is passed over: no attribute of ours is one', () => {
    let value = text('x');
    for (let depth = 0; depth < 2_000; depth++) value = field(6, field(1, value));
    const found = decodeAttributes(['deep', value], ['flat', text('y')]);
    expect([found.string('deep'), found.has('deep'), found.string('flat')]).toEqual([undefined, true, 'y']);
  });
});

function expectEventOrWireError(bytes: Buffer): void {
  try {
    expect(decodeProcessingRequest(bytes)).toHaveProperty('kind');
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
  }
}
