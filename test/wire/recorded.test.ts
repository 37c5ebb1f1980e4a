// What Sluice relies on in the messages of a real Envoy. Times and ports differ from recording to recording, facts do not.

import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../src/core/evidence.js';
import { event, index, traced } from './support/recorded.js';

const { hosts } = index;

describe('the recording', () => {
  it('is of the Envoy that the project is built for', () => {
    expect(index.envoy).toBe('1.40.0');
  });
});

describe('request headers at admission', () => {
  const { headers, attributes } = event('ok', 'admission', 'request_headers');

  it('carry pseudo headers and the rest, named in lower case', () => {
    expect(headers.get(':method')).toBe('GET');
    expect(headers.get(':path')).toBe('/ok?token=secret');
    expect(headers.get('user-agent')).toBe('recorder');
    expect(headers.startingWith('').every((name) => name === name.toLowerCase())).toBe(true);
  });

  it('come with the names of cluster and route', () => {
    expect(attributes.string('xds.cluster_name')).toBe('http1');
    expect(attributes.string('xds.route_name')).toBe('ok');
  });

  it('come without attributes that there are none of yet', () => {
    const unrouted = event('unrouted', 'admission', 'request_headers').attributes;
    expect(unrouted.has('xds.cluster_name')).toBe(false);
    expect(unrouted.string('xds.route_name')).toBeUndefined();
  });
});

describe('response headers at admission', () => {
  const attributesOf = (scenario: string) => event(scenario, 'admission', 'response_headers').attributes;

  it('carry the status and no flag where the upstream answered', () => {
    const { headers, attributes } = event('failed', 'admission', 'response_headers');
    expect(headers.get(':status')).toBe('503');
    expect(headers.get('x-why')).toBe('overloaded');
    expect(attributes.number('response.flags')).toBe(0);
    expect(attributes.number('response.code')).toBe(503);
    expect(attributes.string('response.code_details')).toBe('via_upstream');
    expect(attributes.string('upstream.address')).toBe(hosts.http1);
  });

  it.each([
    ['refused', FLAGS.upstreamConnectionFailure],
    ['worse', FLAGS.upstreamConnectionFailure | FLAGS.retryLimitExceeded],
    ['reset', FLAGS.upstreamConnectionTermination],
    ['timeout', FLAGS.upstreamRequestTimeout],
    ['limited', FLAGS.maxStreamDuration],
    ['garbled', FLAGS.upstreamProtocolError],
    ['empty', FLAGS.noHealthyUpstream],
    ['unrouted', FLAGS.noRoute],
  ])('carry the bits of FLAGS where Envoy answered itself: %s', (scenario, flags) => {
    expect(attributesOf(scenario).number('response.flags')).toBe(flags);
  });

  it('say why a connection failed', () => {
    const attributes = attributesOf('refused');
    expect(attributes.string('upstream.transport_failure_reason')).toContain('Connection refused');
    expect(attributes.string('response.code_details')).toContain('remote_connection_failure');
  });

  it('carry a pool duration even where no connection came about: it does not mean that the request was written', () => {
    expect(attributesOf('refused').has('upstream.cx_pool_ready_duration')).toBe(true);
  });

  it('count the attempts', () => {
    expect(attributesOf('retried').number('upstream.request_attempt_count')).toBe(2);
  });

  it('show the cluster that the last attempt was rerouted to', () => {
    expect(attributesOf('rerouted').string('xds.cluster_name')).toBe('http1');
  });
});

describe('an attempt, at gate and judge', () => {
  it('carries the id that admission gave, its number and the time left, and no control header of the client', () => {
    const { headers, attributes } = event('retried', 'gate', 'request_headers');
    expect(headers.get('x-sluice-id')).toBe('recorded-retried');
    expect(headers.get('x-envoy-attempt-count')).toBe('2');
    expect(Number(headers.get('x-envoy-expected-rq-timeout-ms'))).toBeGreaterThan(4000);
    expect(headers.get('x-client-control')).toBeUndefined();
    expect(headers.get('x-envoy-retry-on')).toBeUndefined();
    expect(attributes.string('xds.cluster_name')).toBe('http1');
  });

  it('names the cluster that the order of admission chose for it', () => {
    const order = event('rerouted', 'gate', 'request_headers').attributes;
    expect(order.string('xds.cluster_name')).toBe('http1');
  });

  it('shows its response to the judge, and to admission after the judge held it', () => {
    const judged = event('judged', 'judge', 'response_headers');
    expect(judged.headers.get(':status')).toBe('200');
    expect(judged.attributes.string('upstream.address')).toBe(hosts.http1);
    const final = event('judged', 'admission', 'response_headers');
    expect(Number(final.headers.get('x-envoy-upstream-service-time'))).toBeGreaterThan(700);
  });
});

interface Expected {
  readonly cluster: string;
  readonly flags?: number;
  readonly status?: number;
  readonly written?: boolean;
  readonly host?: string;
  readonly grpcStatus?: number;
}

const attempts: readonly (readonly [scenario: string, attempts: readonly Expected[]])[] = [
  ['ok', [{ cluster: 'http1', status: 200 }]],
  ['failed', [{ cluster: 'http1', status: 503 }]],
  [
    'retried',
    [
      { cluster: 'http1', status: 503 },
      { cluster: 'http1', status: 200 },
    ],
  ],
  ['refused', [{ cluster: 'dead', host: hosts.dead, flags: FLAGS.upstreamConnectionFailure, written: false }]],
  [
    'rerouted',
    [
      { cluster: 'dead', host: hosts.dead, flags: FLAGS.upstreamConnectionFailure, written: false },
      { cluster: 'http1', status: 200 },
    ],
  ],
  [
    'worse',
    [
      { cluster: 'http1', status: 503 },
      { cluster: 'dead', host: hosts.dead, flags: FLAGS.upstreamConnectionFailure, written: false },
    ],
  ],
  ['reset', [{ cluster: 'http1', flags: FLAGS.upstreamConnectionTermination }]],
  ['cut', [{ cluster: 'http1', flags: FLAGS.upstreamProtocolError, status: 200 }]],
  ['garbled', [{ cluster: 'http1', flags: FLAGS.upstreamProtocolError }]],
  ['timeout', [{ cluster: 'http1', flags: FLAGS.upstreamRequestTimeout }]],
  ['judged', [{ cluster: 'judged', status: 200 }]],
  ['pipe', [{ cluster: 'pipe', host: hosts.pipe, status: 200 }]],
  ['grpc', [{ cluster: 'http2', host: hosts.http2, status: 200, grpcStatus: 8 }]],
  ['grpc-error', [{ cluster: 'http2', host: hosts.http2, status: 200, grpcStatus: 14 }]],
  // What ends these is not the upstream, and the attempt's entry has no flag for it: only the request's has.
  ['cancelled', [{ cluster: 'http1' }]],
  ['limited', [{ cluster: 'limited' }]],
  ['malformed', [{ cluster: 'http1' }]],
  // No host was picked, or none was asked.
  ['empty', []],
  ['unrouted', []],
  ['refuse', []],
];

describe('the trace of an attempt', () => {
  it.each(attempts)('tells how far it got: %s', (scenario, expected) => {
    const found = traced(scenario).attempts;
    expect(found.length).toBe(expected.length);
    for (const [index, { cluster, flags = 0, status, grpcStatus, written = true, host }] of expected.entries()) {
      expect(found[index]).toMatchObject({ id: `recorded-${scenario}`, attempt: index + 1, cluster });
      const evidence = { flags, status: status ?? null, grpcStatus: grpcStatus ?? null, written };
      expect(found[index]?.evidence).toMatchObject({ source: 'trace', host: host ?? hosts.http1, ...evidence });
    }
  });

  it('says why a connection failed', () => {
    expect(traced('refused').attempts[0]?.evidence.transportFailure).toContain('Connection refused');
  });

  it('has the time the upstream took to answer, of each attempt alone', () => {
    const [first, second] = traced('retried').attempts.map(({ evidence }) => evidence.durationMs ?? -1);
    expect(first).toBeGreaterThanOrEqual(99);
    expect(first).toBeLessThan(150);
    expect(second).toBeGreaterThanOrEqual(49);
    expect(second).toBeLessThan(99);
  });

  it('has the whole time of an attempt that was never answered', () => {
    expect(traced('timeout').attempts[0]?.evidence.durationMs).toBeGreaterThan(140);
    expect(traced('refused').attempts[0]?.evidence.durationMs).toBeLessThan(100);
  });

  it('does not count what a judge held back', () => {
    expect(traced('judged').attempts[0]?.evidence.durationMs).toBeLessThan(300);
  });
});

describe('the trace of a request', () => {
  it.each([
    ['ok', 200, 1, 0, 'via_upstream'],
    ['retried', 200, 2, 0, 'via_upstream'],
    ['worse', 503, 2, FLAGS.upstreamConnectionFailure | FLAGS.retryLimitExceeded, 'remote_connection_failure'],
    ['cut', 200, 1, FLAGS.upstreamProtocolError, 'upstream_reset_after_response_started'],
    ['timeout', 504, 1, FLAGS.upstreamRequestTimeout, 'upstream_per_try_timeout'],
    ['limited', 504, 1, FLAGS.maxStreamDuration, 'upstream_max_stream_duration_reached'],
    ['cancelled', null, 1, FLAGS.downstreamConnectionTermination, 'downstream_remote_disconnect'],
    ['malformed', 400, 1, FLAGS.downstreamProtocolError, 'http1.codec_error'],
    // Counted as an attempt, though it found no host.
    ['empty', 503, 1, FLAGS.noHealthyUpstream, 'no_healthy_upstream'],
    ['unrouted', 404, null, FLAGS.noRoute, 'route_not_found'],
  ])('has what the client got, the number of attempts and the cause: %s', (scenario, client, made, flags, details) => {
    const { requests } = traced(scenario);
    expect(requests.length).toBe(1);
    expect(requests[0]).toMatchObject({ id: `recorded-${scenario}`, clientStatus: client, attempts: made });
    expect(requests[0]?.evidence.flags).toBe(flags);
    expect(requests[0]?.evidence.details).toContain(details);
  });

  it('has a status of the upstream only where the upstream answered', () => {
    const status = (scenario: string) => traced(scenario).requests[0]?.evidence.status;
    expect(['ok', 'failed', 'cut', 'timeout', 'refused', 'empty'].map(status)).toEqual([
      200,
      503,
      200,
      null,
      null,
      null,
    ]);
  });

  it('has no id where Sluice answered before it gave one, but the details of the answer', () => {
    const [request] = traced('refuse').requests;
    expect(request).toMatchObject({ id: '', cluster: '', clientStatus: 503, attempts: null });
    expect(request?.evidence.details).toBe('sluice_circuit_open');
  });

  it('has no time of an attempt where the last one was never written', () => {
    expect(traced('worse').requests[0]?.evidence.durationMs).toBeNull();
  });
});
