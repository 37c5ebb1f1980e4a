import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../src/core/evidence.js';
import { decodeAccessLogs } from '../../src/wire/access-log.js';
import { WireError } from '../../src/wire/error.js';
import { field, numeric } from './support/bytes.js';
import { recorded } from './support/recorded.js';

const ATTEMPT = 9;
const REQUEST = 6;
const ONE_SECOND = numeric(1, 1);

/** One entry: fields of AccessLogCommon, and fields of the response. */
function entry(type: number, common: readonly Buffer[] = [], response: readonly Buffer[] = []): Buffer {
  return field(1, field(1, ...common, numeric(33, type)), field(4, ...response));
}

const tag = (name: string, value: string) => field(22, field(1, name), field(2, value));
const message = (...entries: Buffer[]) => field(2, ...entries);

function only(bytes: Buffer) {
  const { entries } = decodeAccessLogs(bytes);
  expect(entries.length).toBe(1);
  const [first] = entries;
  if (first === undefined) throw new Error('no entry');
  return first;
}

describe('entries', () => {
  it('of other types are counted and left out', () => {
    const { entries, other } = decodeAccessLogs(message(entry(5), entry(ATTEMPT), entry(7), entry(REQUEST)));
    expect(entries.map(({ kind }) => kind)).toEqual(['attempt', 'request']);
    expect(other).toBe(2);
  });

  it('say when the first of them was over: its start and its duration together', () => {
    const start = (seconds: number) => field(5, numeric(1, seconds), numeric(2, 500_000_000));
    const lasted = field(23, numeric(2, 250_000_000));
    const ofCommon = (...fields: Buffer[]) => field(1, ...fields);
    const ended = (...entries: Buffer[]) =>
      decodeAccessLogs(message(...entries.map((each) => field(1, each)))).firstEndedAtMs;
    expect(ended(ofCommon(start(1_790_000_000), lasted), ofCommon(start(1_700_000_000), lasted))).toBe(
      1_790_000_000_750,
    );
    expect(ended(ofCommon(start(1_790_000_000)))).toBeNull();
    expect(ended(ofCommon(lasted))).toBeNull();
  });

  it('are none in a message that only says who Envoy is', () => {
    const identifier = field(1, field(1, 'a node, which is long'), field(2, 'sluice'));
    expect(decodeAccessLogs(identifier)).toEqual({ entries: [], other: 0, firstEndedAtMs: null });
  });

  it('are none in a message of TCP entries', () => {
    expect(decodeAccessLogs(field(3, field(1, field(1))))).toEqual({ entries: [], other: 0, firstEndedAtMs: null });
  });

  it('without anything in them are evidence of nothing', () => {
    expect(decodeAccessLogs(message(field(1)))).toEqual({ entries: [], other: 1, firstEndedAtMs: null });
    expect(only(message(entry(ATTEMPT)))).toMatchObject({ id: '', attempt: 0, cluster: '' });
    expect(only(message(entry(ATTEMPT))).evidence).toMatchObject({ flags: 0, host: null, durationMs: null });
  });
});

describe('custom tags', () => {
  it('carry id and attempt', () => {
    expect(only(message(entry(ATTEMPT, [tag('sluice_id', 'abc'), tag('attempt', '3')])))).toMatchObject({
      id: 'abc',
      attempt: 3,
    });
  });

  it.each(['', '-1', '1.5', 'two', '99999999999999999999'])('with the attempt %j have none', (attempt) => {
    expect(only(message(entry(ATTEMPT, [tag('attempt', attempt)])))).toMatchObject({ attempt: 0 });
  });

  it('with the name of a thing that every object has harm nothing', () => {
    const entries = [tag('__proto__', 'x'), tag('constructor', 'y'), tag('sluice_id', 'abc')];
    expect(only(message(entry(REQUEST, entries)))).toMatchObject({ id: 'abc' });
  });
});

describe('response flags', () => {
  it.each([
    [2, FLAGS.noHealthyUpstream],
    [3, FLAGS.upstreamRequestTimeout],
    [4, FLAGS.localReset],
    [5, FLAGS.upstreamRemoteReset],
    [6, FLAGS.upstreamConnectionFailure],
    [7, FLAGS.upstreamConnectionTermination],
    [8, FLAGS.upstreamOverflow],
    [9, FLAGS.noRoute],
    [10, FLAGS.delayInjected],
    [11, FLAGS.faultInjected],
    [12, FLAGS.rateLimited],
    [14, FLAGS.rateLimitServiceError],
    [15, FLAGS.downstreamConnectionTermination],
    [16, FLAGS.retryLimitExceeded],
    [17, FLAGS.streamIdleTimeout],
    [18, FLAGS.invalidRequestHeaders],
    [19, FLAGS.downstreamProtocolError],
    [20, FLAGS.maxStreamDuration],
    [23, FLAGS.durationTimeout],
    [24, FLAGS.upstreamProtocolError],
    [25, FLAGS.noCluster],
    [26, FLAGS.overloadManager],
    [27, FLAGS.dnsFailure],
    [28, FLAGS.downstreamRemoteReset],
  ])('field %i is bit 0x%s', (number, bit) => {
    expect(only(message(entry(ATTEMPT, [field(16, numeric(number, 1))]))).evidence.flags).toBe(bit);
    expect(only(message(entry(ATTEMPT, [field(16, numeric(number, 0))]))).evidence.flags).toBe(0);
  });

  it('of a request that was not allowed is a message, however empty', () => {
    expect(only(message(entry(REQUEST, [field(16, field(13))]))).evidence.flags).toBe(FLAGS.unauthorized);
  });

  it('add up, and those of later versions are left out', () => {
    const flags = field(16, numeric(6, 1), numeric(16, 1), numeric(40, 1));
    const expected = FLAGS.upstreamConnectionFailure | FLAGS.retryLimitExceeded;
    expect(only(message(entry(ATTEMPT, [flags]))).evidence.flags).toBe(expected);
  });
});

describe('the answer', () => {
  const answered = [field(7, ONE_SECOND), field(9, numeric(1, 3))];
  const trailer = (value: string) => field(5, field(1, 'grpc-status'), field(2, value));
  const header = (value: string) => field(4, field(1, 'grpc-status'), field(2, value));
  const status = (code: number) => field(1, numeric(1, code));

  it('is the upstream\u2019s where a byte of it came back', () => {
    expect(only(message(entry(ATTEMPT, answered, [status(200)]))).evidence.status).toBe(200);
    expect(only(message(entry(ATTEMPT, [], [status(503)]))).evidence.status).toBeNull();
  });

  it('is what the client got, whoever it came from', () => {
    expect(only(message(entry(REQUEST, [], [status(503)])))).toMatchObject({ clientStatus: 503 });
    expect(only(message(entry(REQUEST)))).toMatchObject({ clientStatus: null });
  });

  it('has the gRPC status of its trailers rather than that of its headers', () => {
    const grpcStatus = (...response: Buffer[]) => only(message(entry(ATTEMPT, answered, response))).evidence.grpcStatus;
    expect(grpcStatus(header('14'))).toBe(14);
    expect(grpcStatus(trailer('8'))).toBe(8);
    expect(grpcStatus(header('14'), trailer('0'))).toBe(0);
    expect(grpcStatus(trailer('eight'))).toBeNull();
    expect(grpcStatus()).toBeNull();
  });

  it('has no gRPC status where the upstream sent nothing', () => {
    expect(only(message(entry(REQUEST, [], [header('14')]))).evidence.grpcStatus).toBeNull();
  });
});

describe('durations', () => {
  const nanos = (seconds: number, nanoseconds: number) => [numeric(1, seconds), numeric(2, nanoseconds)];
  const sent = field(7, ...nanos(1, 500_000_000));
  const received = field(9, ...nanos(3, 750_000_000));
  const whole = field(23, ...nanos(5, 0));
  const durationMs = (type: number, ...common: Buffer[]) => only(message(entry(type, common))).evidence.durationMs;

  it('are from the first byte sent to the first byte back', () => {
    expect(durationMs(ATTEMPT, sent, received, whole)).toBe(2250);
    expect(durationMs(REQUEST, sent, received, whole)).toBe(2250);
  });

  it('are from the first byte sent to the end where none came back', () => {
    expect(durationMs(ATTEMPT, sent, whole)).toBe(3500);
  });

  it('are the whole of an attempt that sent nothing', () => {
    expect(durationMs(ATTEMPT, whole)).toBe(5000);
  });

  it('are not known of a request whose last attempt sent nothing', () => {
    expect(durationMs(REQUEST, whole)).toBeNull();
  });

  it('are never negative', () => {
    expect(durationMs(ATTEMPT, field(7, ...nanos(9, 0)), received)).toBe(0);
  });
});

describe('hosts', () => {
  const host = (...address: Buffer[]) => only(message(entry(ATTEMPT, [field(13, ...address)]))).evidence.host;

  it('are address and port, IPv6 in brackets, or the path of a socket', () => {
    expect(host(field(1, field(2, '10.0.0.1'), numeric(3, 80)))).toBe('10.0.0.1:80');
    expect(host(field(1, field(2, 'fe80::1'), numeric(3, 443)))).toBe('[fe80::1]:443');
    expect(host(field(2, field(1, '/run/upstream.sock')))).toBe('/run/upstream.sock');
  });

  it('of kinds that are not known are null', () => {
    expect(host(field(3, field(1, 'internal')))).toBeNull();
  });
});

describe('bytes that Envoy would not send', () => {
  it('cut short give whole entries or a WireError, never anything else', () => {
    const [bytes] = recorded('ok', 'log');
    if (bytes === undefined) throw new Error('nothing recorded');
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeAccessLogs(bytes.subarray(0, length)), `${length} bytes`).toThrow(WireError);
    }
  });
});
