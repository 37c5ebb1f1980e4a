import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeaderChanges, type Instruction, type LocalAnswer, NO_CHANGES } from '../../src/core/stream.js';
import { encodeInstruction } from '../../src/wire/encode.js';
import { writeHeaderValue } from '../../src/wire/header-value.js';
import { Writer } from '../../src/wire/protobuf/writer.js';
import { leaves } from './support/fields.js';
import { loadProtos } from './support/reference/protos.js';

const decode = (instruction: Instruction) => loadProtos().processingResponse.decode(encodeInstruction(instruction));
function headerBytes(value: string): Buffer {
  const bytes = Buffer.alloc(value.length);
  writeHeaderValue(new Writer(bytes, 0), value);
  return bytes;
}
const set = (...headers: HeaderChanges['set']): HeaderChanges => ({ set: headers, remove: [] });
const overwrite = (key: string, value: string) => ({ header: { key, rawValue: Buffer.from(value) }, appendAction: 2 });

function respond(answer: Partial<LocalAnswer>): Instruction {
  const whole = { status: 503, headers: [], body: '', details: '', grpcStatus: null, ...answer };
  return { kind: 'respond', answer: whole };
}

describe('letting headers go on', () => {
  it('says nothing but that, where nothing changes', () => {
    const request = encodeInstruction({ kind: 'continue_request', headers: NO_CHANGES, order: null });
    const response = encodeInstruction({ kind: 'continue_response', headers: NO_CHANGES, order: null });
    expect([request.toString('hex'), response.toString('hex')]).toEqual(['0a00', '1200']);
  });

  it('overwrites headers by their bytes and removes others', () => {
    const headers = { set: [['x-a', '1'] as const, ['x-b', ''] as const], remove: ['x-c', 'x-d'] };
    const { requestHeaders } = decode({ kind: 'continue_request', headers, order: null });
    const mutation = { setHeaders: [overwrite('x-a', '1'), overwrite('x-b', '')], removeHeaders: ['x-c', 'x-d'] };
    expect(requestHeaders).toEqual({ response: { headerMutation: mutation } });
  });

  it('removes headers where none is set', () => {
    const { responseHeaders } = decode({ kind: 'continue_response', headers: { set: [], remove: ['x'] }, order: null });
    expect(responseHeaders?.response?.headerMutation?.removeHeaders).toEqual(['x']);
  });

  it('changes response headers without touching the route', () => {
    const { responseHeaders } = decode({ kind: 'continue_response', headers: set(['x-a', '1']), order: ['a'] });
    expect(responseHeaders?.response).toEqual({ headerMutation: { setHeaders: [overwrite('x-a', '1')] } });
  });
});

describe('an order of clusters', () => {
  const group = (name: string, cluster: string) => ({
    structValue: {
      fields: {
        name: { stringValue: name },
        clusters: {
          listValue: {
            values: [
              { structValue: { fields: { cluster_name: { stringValue: cluster }, weight: { numberValue: 1 } } } },
            ],
          },
        },
      },
    },
  });
  const metadata = {
    fields: {
      'sluice.route': {
        structValue: {
          fields: { priority_groups: { listValue: { values: [group('g0', 'a'), group('g1', 'b')] } } },
        },
      },
    },
  };

  it('becomes one priority group per attempt and makes Envoy choose anew', () => {
    const message = decode({ kind: 'continue_request', headers: NO_CHANGES, order: ['a', 'b'] });
    expect(message.dynamicMetadata).toEqual(metadata);
    expect(message.requestHeaders?.response?.clearRouteCache).toBe(true);
  });

  it('at the response is for the attempts to come and leaves the route cache alone', () => {
    const message = decode({ kind: 'continue_response', headers: NO_CHANGES, order: ['a', 'b'] });
    expect(message.dynamicMetadata).toEqual(metadata);
    expect(message.responseHeaders?.response?.clearRouteCache).toBeUndefined();
  });
});

describe('answering in the place of the upstream', () => {
  it('carries status, headers, body and details', () => {
    const body = '{"title":"größer"}';
    const instruction = respond({ headers: [['retry-after', '3']], body, details: 'sluice_circuit_open' });
    expect(decode(instruction).immediateResponse).toEqual({
      status: { code: 503 },
      headers: { setHeaders: [overwrite('retry-after', '3')] },
      body: Buffer.from(body),
      details: 'sluice_circuit_open',
    });
  });

  it('carries a gRPC status for gRPC clients, that of success included', () => {
    expect(decode(respond({ grpcStatus: 14 })).immediateResponse?.grpcStatus).toEqual({ status: 14 });
    expect(decode(respond({ grpcStatus: 0 })).immediateResponse?.grpcStatus).toEqual({ status: 0 });
    expect(decode(respond({})).immediateResponse?.grpcStatus).toBeUndefined();
  });
});

describe('asking for more time', () => {
  it.each([
    [1500, { seconds: 1, nanos: 500_000_000 }],
    [250, { seconds: 0, nanos: 250_000_000 }],
    [2000, { seconds: 2, nanos: 0 }],
    [0.2, { seconds: 0, nanos: 1_000_000 }],
    [999.5, { seconds: 1, nanos: 0 }],
  ])('of %d ms is a message of nothing else, in whole milliseconds and at least one', (ms, expected) => {
    expect(decode({ kind: 'extend_timeout', ms })).toEqual({ overrideMessageTimeout: expected });
  });
});

describe('phases that were not asked for', () => {
  it.each([
    ['request_body', '3'],
    ['response_body', '4'],
    ['request_trailers', '5'],
    ['response_trailers', '6'],
  ] as const)('%s goes on, in field %s', (phase, number) => {
    expect(leaves(encodeInstruction({ kind: 'continue_other', phase }), new Set())).toEqual([[number, '']]);
  });
});

describe('on the wire', () => {
  const HEADER = ['1', '1.1', '1.1.2', '1.1.2.1', '1.1.2.1.1'];
  const METADATA = ['8', '8.1', '8.1.2', '8.1.2.5', '8.1.2.5.1'];
  const ANSWER = ['7', '7.1', '7.2', '7.2.1', '7.2.1.1', '7.4'];
  const hex = (value: string) => Buffer.from(value).toString('hex');
  const fields = (instruction: Instruction, messages: readonly string[]) =>
    Object.fromEntries(leaves(encodeInstruction(instruction), new Set(messages)));

  it('a change of headers is in the fields where Envoy looks for it', () => {
    const headers = { set: [['x-a', '1'] as const], remove: ['x-b'] };
    expect(fields({ kind: 'continue_request', headers, order: ['a'] }, HEADER)).toEqual({
      '1.1.2.1.1.1': hex('x-a'),
      '1.1.2.1.1.3': hex('1'),
      '1.1.2.1.3': '02',
      '1.1.2.2': hex('x-b'),
      '1.1.5': '01',
      '8': expect.any(String),
    });
  });

  it('an order of clusters is under its namespace', () => {
    const order = fields({ kind: 'continue_response', headers: NO_CHANGES, order: ['a'] }, METADATA);
    expect(order).toMatchObject({ '8.1.1': hex('sluice.route'), '8.1.2.5.1.1': hex('priority_groups') });
  });

  it('an answer is in the fields where Envoy looks for it', () => {
    const headers = [['x-a', '1']] as const;
    expect(fields(respond({ headers, body: 'b', details: 'd', grpcStatus: 14 }), ANSWER)).toEqual({
      '7.1.1': 'f703',
      '7.2.1.1.1': hex('x-a'),
      '7.2.1.1.3': hex('1'),
      '7.2.1.3': '02',
      '7.3': hex('b'),
      '7.4.1': '0e',
      '7.5': hex('d'),
    });
  });

  it('a wish for more time is a duration', () => {
    const wish = fields({ kind: 'extend_timeout', ms: 2000.5 }, ['10']);
    expect(wish).toEqual({ '10.1': '02', '10.2': 'c0843d' });
  });
});

describe('headers that many answers have in common', () => {
  const common = [
    ['x-envoy-max-retries', '1'],
    ['x-envoy-retry-on', 'reset'],
  ] as const;
  const answer = (id: string): Instruction => ({
    kind: 'continue_request',
    headers: { set: [['x-sluice-id', id]], common, remove: ['x-a'] },
    order: null,
  });
  const alone = (id: string): Instruction => ({
    kind: 'continue_request',
    headers: { set: [['x-sluice-id', id], ...common], remove: ['x-a'] },
    order: null,
  });

  it('come to the same bytes as if they were set one by one, every time', () => {
    for (const id of ['a', 'b', 'a']) expect(encodeInstruction(answer(id))).toEqual(encodeInstruction(alone(id)));
  });

  it('may be none, and then there is nothing to change', () => {
    const none: Instruction = { kind: 'continue_request', headers: { set: [], common: [], remove: [] }, order: null };
    expect(encodeInstruction(none)).toEqual(encodeInstruction({ ...none, headers: NO_CHANGES }));
  });
});

describe('header values', () => {
  it('go out as the bytes they came in as', () => {
    expect(headerBytes('caf\u00e9 \t~')).toEqual(Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0x09, 0x7e]));
  });

  it.each(['a\r\nx-forged: 1', 'a\0b', 'a\u007fb', 'a\u001bb', 'a\u2028b', '\ud83d\ude00'])(
    'lose what Envoy refuses: %j',
    (value) => {
      expect(headerBytes(value).toString('latin1')).toMatch(/^[ -~?]+$/);
    },
  );

  it('never hold a byte that Envoy refuses, whatever the text', () => {
    const accepted = (byte: number) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f);
    const text = fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes));
    fc.assert(fc.property(text, (value) => headerBytes(value).every(accepted)));
  });

  it('are made harmless in every instruction that carries some', () => {
    const headers = set(['x', 'a\nb']);
    const hostile: Instruction[] = [
      { kind: 'continue_request', headers, order: null },
      { kind: 'continue_response', headers, order: null },
      respond({ headers: headers.set }),
    ];
    for (const instruction of hostile) expect(encodeInstruction(instruction).includes('a?b')).toBe(true);
  });
});
