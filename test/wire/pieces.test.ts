// What protobuf says of messages in pieces and of oneofs (https://protobuf.dev/programming-guides/encoding/#last-one-wins):
// a message that comes twice is put together, of anything else the last one counts, and so does the last arm of a oneof.
// proto-loader replaces instead of putting together and keeps every arm, so here the rule is checked by itself.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../../src/core/stream.js';
import { decodeAccessLogs } from '../../src/wire/access-log.js';
import { decodeProcessingRequest } from '../../src/wire/decode.js';
import { attributes, double, field, header, numeric, text } from './support/bytes.js';

type HeadersEvent = Exclude<StreamEvent, { kind: 'other' }>;

function headersEvent(...fields: Buffer[]): HeadersEvent {
  const event = decodeProcessingRequest(Buffer.concat(fields));
  if (event.kind === 'other') throw new Error(`expected headers, not ${event.phase}`);
  return event;
}

const requestHeaders = (...headers: Buffer[]) => field(2, field(1, ...headers));
const responseHeaders = (...headers: Buffer[]) => field(3, field(1, ...headers));
const body = field(4);
const [a1, a2, b] = [header('a', '1'), header('a', '2'), header('b', '3')];

describe('headers in pieces', () => {
  it('are put together, in order, wherever they were cut', () => {
    const cuts = [
      [requestHeaders(a1), requestHeaders(b, a2)],
      [field(2, field(1, a1), field(1, b), field(1, a2))],
      [requestHeaders(a1, b), attributes([['x', text('y')]]), requestHeaders(), requestHeaders(a2)],
    ];
    for (const fields of cuts) {
      const { headers } = headersEvent(...fields);
      expect(headers.all('a')).toEqual(['1', '2']);
      expect(headers.startingWith('')).toEqual(['a', 'b']);
    }
  });

  it('have the last name and the last value of each', () => {
    const again = field(1, field(1, 'wrong'), field(3, 'old'), field(1, 'a'), field(3, 'new'));
    const { headers } = headersEvent(requestHeaders(again));
    expect([headers.get('a'), headers.get('wrong')]).toEqual(['new', undefined]);
  });

  it('have the value in bytes rather than the older text, whichever is last', () => {
    const textLast = field(1, field(1, 'a'), field(3, 'bytes'), field(2, 'text'));
    const bytesLast = field(1, field(1, 'b'), field(2, 'text'), field(3, 'bytes'));
    const emptied = field(1, field(1, 'c'), field(3, 'bytes'), field(2, 'text'), field(3));
    const { headers } = headersEvent(requestHeaders(textLast, bytesLast, emptied));
    expect([headers.get('a'), headers.get('b'), headers.get('c')]).toEqual(['bytes', 'bytes', 'text']);
  });

  it('without a name are none', () => {
    const { headers } = headersEvent(requestHeaders(field(1, field(3, 'x')), field(1, field(1), field(3, 'y')), b));
    expect(headers.startingWith('')).toEqual(['b']);
    expect(headers.get('')).toBeUndefined();
  });
});

describe('more than one arm of a request', () => {
  it('is what the last one says, without anything of those before', () => {
    const event = headersEvent(requestHeaders(a1), responseHeaders(b));
    expect([event.kind, event.headers.startingWith('')]).toEqual(['response_headers', ['b']]);
    expect(decodeProcessingRequest(Buffer.concat([requestHeaders(a1), body]))).toEqual({
      kind: 'other',
      phase: 'request_body',
    });
  });

  it('forgets an arm that another one came after, even if it comes again', () => {
    for (const between of [responseHeaders(b), body]) {
      const { headers } = headersEvent(requestHeaders(a1), between, requestHeaders(a2));
      expect(headers.all('a')).toEqual(['2']);
      expect(headers.get('b')).toBeUndefined();
    }
  });

  it('is always the last arm alone, and what came of it without another in between', { timeout: 60_000 }, () => {
    const arm = fc.record({ number: fc.constantFrom(2, 3, 4), name: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(fc.array(arm, { minLength: 1, maxLength: 6 }), (arms) => {
        const last = arms.at(-1)?.number;
        const before = arms.findLastIndex(({ number }) => number !== last);
        const piece = ({ number, name }: (typeof arms)[number]) => field(number, field(1, header(name, name)));
        const whole = decodeProcessingRequest(Buffer.concat(arms.map(piece)));
        const rest = decodeProcessingRequest(Buffer.concat(arms.slice(before + 1).map(piece)));
        expect(whole.kind).toBe(rest.kind);
        const names = (event: StreamEvent) => (event.kind === 'other' ? [] : event.headers.startingWith(''));
        expect(names(whole)).toEqual(names(rest));
      }),
      { seed: 8 },
    );
  });
});

describe('attributes in pieces', () => {
  const entry = (name: string, ...values: Buffer[]) => field(1, field(1, name), ...values.map((v) => field(2, v)));
  const filed = (...content: Buffer[]) => field(9, field(1, 'envoy.filters.http.ext_proc'), ...content);
  const request = requestHeaders();

  it('of one entry are put together', () => {
    const found = headersEvent(request, filed(field(2, entry('x', text('1'))), field(2, entry('y', double(2)))));
    expect([found.attributes.string('x'), found.attributes.number('y')]).toEqual(['1', 2]);
  });

  it('of two entries are those of the last one', () => {
    const found = headersEvent(request, filed(field(2, entry('x', text('1')))), filed(field(2, entry('y', double(2)))));
    expect([found.attributes.has('x'), found.attributes.has('y')]).toEqual([false, true]);
  });

  it('are the last one of a name', () => {
    const found = headersEvent(request, filed(field(2, entry('x', text('1')), entry('x', text('2')))));
    expect(found.attributes.string('x')).toBe('2');
  });

  it('are of the last kind that was said', () => {
    const kinds = [text('1'), double(2), numeric(4, 1), field(5), field(6), numeric(1, 0)];
    for (const [index, kind] of kinds.entries()) {
      for (const before of kinds) {
        const { attributes } = headersEvent(request, filed(field(2, entry('x', before, kind))));
        expect(attributes.string('x')).toBe(index === 0 ? '1' : undefined);
        expect(attributes.number('x')).toBe(index === 1 ? 2 : undefined);
        expect(attributes.has('x')).toBe(true);
      }
    }
  });

  it('without a value are there, and neither text nor number', () => {
    const { attributes } = headersEvent(request, filed(field(2, entry('x'), entry('y', field(99, 'later')))));
    expect([attributes.has('x'), attributes.string('x'), attributes.number('x')]).toEqual([true, undefined, undefined]);
    expect([attributes.has('y'), attributes.string('y')]).toEqual([true, undefined]);
  });

  it('are found wherever the filter is named in their entry', () => {
    const late = field(9, field(2, entry('x', text('1'))), field(1, 'envoy.filters.http.ext_proc'));
    expect(headersEvent(request, late).attributes.string('x')).toBe('1');
    const renamed = field(9, field(1, 'envoy.filters.http.ext_proc'), field(2, entry('x', text('1'))), field(1, 'no'));
    expect(headersEvent(request, renamed).attributes.has('x')).toBe(false);
  });
});

describe('a log entry in pieces', () => {
  const one = (...fields: Buffer[]) => {
    const [entry] = decodeAccessLogs(field(2, field(1, ...fields))).entries;
    if (entry === undefined) throw new Error('no entry');
    return entry;
  };
  const attempt = numeric(33, 9);
  const answered = field(9, numeric(1, 1));

  it('is put together, down to its durations', () => {
    const entry = one(
      field(1, attempt, field(7, numeric(1, 1)), answered),
      field(1, field(7, numeric(2, 500_000_000)), field(9, numeric(1, 3))),
      field(4, field(1, numeric(1, 200))),
      field(4, field(6, 'via_upstream'), field(1)),
    );
    expect(entry.evidence).toMatchObject({ durationMs: 1500, status: 200, details: 'via_upstream', written: true });
  });

  it('takes back a flag that is set and then not', () => {
    expect(one(field(1, attempt, field(16, numeric(6, 1)), field(16, numeric(6, 0)))).evidence.flags).toBe(0);
    expect(one(field(1, attempt, field(16, numeric(6, 1)), field(16, numeric(7, 1)))).evidence.flags).toBe(0x60);
  });

  it('has the last kind of address', () => {
    const socket = (...fields: Buffer[]) => field(1, ...fields);
    const host = (...address: Buffer[]) => one(field(1, attempt, field(13, ...address))).evidence.host;
    expect(host(field(2, field(1, '/x.sock')), socket(field(2, '10.0.0.1'), numeric(3, 80)))).toBe('10.0.0.1:80');
    expect(host(socket(field(2, '10.0.0.1')), field(2, field(1, '/x.sock')))).toBe('/x.sock');
    expect(host(socket(field(2, '10.0.0.1')), socket(numeric(3, 80)))).toBe('10.0.0.1:80');
    expect(host(socket(field(2, '10.0.0.1')), field(2), socket(numeric(3, 80)))).toBeNull();
  });

  it('has the last of two tags of one name, and an empty one where its value is left out', () => {
    const tag = (name: string, ...value: Buffer[]) => field(22, field(1, name), ...value);
    expect(one(field(1, attempt, tag('sluice_id', field(2, 'a')), tag('sluice_id', field(2, 'b'))))).toMatchObject({
      id: 'b',
    });
    expect(one(field(1, attempt, tag('sluice_id', field(2, 'a')), tag('sluice_id')))).toMatchObject({ id: '' });
  });

  it('has nothing of the entry before it', () => {
    const full = field(1, field(1, attempt, answered, field(15, 'c')), field(4, field(1, numeric(1, 200))));
    const bare = field(1, field(1, attempt));
    const both = decodeAccessLogs(Buffer.concat([field(2, full, bare), field(2, bare)])).entries;
    expect(both.length).toBe(3);
    expect(both[1]).toEqual(decodeAccessLogs(field(2, bare)).entries[0]);
    expect(both[2]).toEqual(both[1]);
  });
});
