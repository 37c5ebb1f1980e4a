// Admission at the final answer, and at the many ends that a stream can have without one.

import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';
import { answers, arrives, attempts, continued, idOf, removedBy, retrying, says, setBy, takeOut } from './support.js';

const VIA_UPSTREAM = { 'response.code_details': 'via_upstream', 'response.flags': 0 };
const FORGED = { 'x-sluice-retry': '1', 'x-sluice-reason': 'circuit_open', 'x-sluice-anything': 'x' };

describe('response headers of ours', () => {
  it('that an upstream sends do not reach the client', () => {
    const stream = arrives(new CoreWorld({}));
    answers(stream, { ':status': '200', server: 'x', ...FORGED }, VIA_UPSTREAM);
    expect(removedBy(stream)).toEqual(Object.keys(FORGED));
    expect(setBy(stream)).toEqual({});
  });

  it('do not reach the client of a stream that begins with the answer either', () => {
    const stream = new CoreWorld({}).admission();
    answers(stream, { ':status': '200', ...FORGED }, VIA_UPSTREAM);
    expect(removedBy(stream)).toEqual(Object.keys(FORGED));
  });

  it('stay where the gate made the answer, for then they are meant for the client', () => {
    const world = new CoreWorld({});
    const stream = arrives(world);
    takeOut(world, 'a');
    const gate = attempts(world, idOf(stream), 2);
    expect(gate.last).toMatchObject({ kind: 'respond', answer: { details: 'sluice_forced_open' } });
    gate.handler.closed();
    answers(stream, { ':status': '503', 'x-sluice-reason': 'forced_open' }, { 'upstream.request_attempt_count': 2 });
    expect(removedBy(stream)).toEqual([]);
  });

  it('are not looked for where there are none', () => {
    const stream = arrives(new CoreWorld({}));
    answers(stream, { ':status': '200' }, VIA_UPSTREAM);
    expect(continued(stream)).toMatchObject({
      kind: 'continue_response',
      headers: { set: [], remove: [] },
      order: null,
    });
  });
});

describe('what the final answer settles', () => {
  it('is a success of the upstream', () => {
    const world = new CoreWorld({});
    answers(arrives(world), { ':status': '200' }, VIA_UPSTREAM);
    expect(world.circuit('a')).toMatchObject({ requests: 1, failures: 0 });
  });

  it.each([
    ['no host', FLAGS.noHealthyUpstream, 'no_healthy_upstream'],
    ['no cluster', FLAGS.noCluster, 'cluster_not_found'],
    ['an overflow', FLAGS.upstreamOverflow, 'upstream_reset_before_response_started{overflow}'],
  ])('is nothing to the upstream where Envoy answered for itself: %s', (_, flags, details) => {
    const world = new CoreWorld({});
    answers(arrives(world), { ':status': '503' }, { 'response.flags': flags, 'response.code_details': details });
    expect(world.circuit('a')).toMatchObject({ requests: 0, failures: 0 });
  });

  it('is read from the upstream, where its status looks like a refusal of Envoy', () => {
    const world = new CoreWorld({});
    answers(arrives(world), { ':status': '503' }, VIA_UPSTREAM);
    expect(world.circuit('a')).toMatchObject({ requests: 1, failures: 1 });
  });

  it.each(['', 'abc', '-1', '99999999999', '2e2', '0x1F4', ' 200', '٢٠٠'])(
    'is not known from the status "%s"',
    (status) => {
      const world = new CoreWorld({});
      const stream = arrives(world);
      answers(stream, { ':status': status }, VIA_UPSTREAM);
      expect(continued(stream).kind).toBe('continue_response');
      expect(world.decided[0]?.status).toBeNull();
      expect(world.circuit('a').failures).toBe(0);
    },
  );
});

describe('a stream of admission', () => {
  it.each(['request_body', 'response_body', 'request_trailers', 'response_trailers'] as const)(
    'answers %s, which nobody asked for, so that nothing stalls',
    (phase) => {
      const stream = arrives(new CoreWorld({}));
      says(stream, phase);
      expect(stream.last).toEqual({ kind: 'continue_other', phase });
    },
  );

  it('that begins with a phase nobody asked for goes on', () => {
    const stream = new CoreWorld({}).admission();
    says(stream, 'request_body');
    expect(stream.last).toEqual({ kind: 'continue_other', phase: 'request_body' });
    stream.handler.closed();
  });

  it('that begins with response headers leaves nothing behind', () => {
    const world = new CoreWorld({});
    const stream = world.admission();
    answers(stream, { ':status': '500' }, VIA_UPSTREAM);
    stream.handler.closed();
    expect(stream.sent).toHaveLength(1);
    expect(world.engine.openSessions).toBe(0);
    expect(world.circuits.size).toBe(0);
  });

  it('that closes before it said anything leaves nothing behind', () => {
    const world = new CoreWorld({});
    world.admission().handler.closed();
    expect(world.engine.openSessions).toBe(0);
  });

  it('that closes after the request is kept for its log entry, and not for longer than a few seconds', () => {
    const world = new CoreWorld({});
    arrives(world).handler.closed();
    expect(world.engine.openSessions).toBe(1);
    world.advance(5_000);
    world.engine.sweep(world.now);
    expect(world.engine.openSessions).toBe(0);
    expect(world.circuit('a')).toMatchObject({ requests: 0, failures: 0 });
  });

  it('that is closed twice is closed once', () => {
    const world = new CoreWorld({});
    const stream = arrives(world);
    stream.handler.closed();
    stream.handler.closed();
    expect(stream.sent).toHaveLength(1);
  });

  it('that was refused holds nothing', () => {
    const world = new CoreWorld({});
    takeOut(world, 'a');
    const stream = arrives(world);
    expect(stream.last.kind).toBe('respond');
    stream.handler.closed();
    expect(world.engine.openSessions).toBe(0);
    expect(world.finished).toMatchObject([{ result: 'short_circuited' }]);
  });
});

describe('what is written down of a request', () => {
  const recorded = (headers: Record<string, string>) => {
    const world = new CoreWorld(retrying({}));
    arrives(world, headers);
    return world.decided[0];
  };

  it.each([
    ['/a?token=secret', '/a'],
    ['/a?', '/a'],
    ['?token=secret', ''],
    ['/a?b?c', '/a'],
    ['/a%3Ftoken', '/a%3Ftoken'],
    ['*', '*'],
    ['', ''],
    ['/%00%ff/..//é', '/%00%ff/..//é'],
  ])('the path %s without its query: "%s"', (path, kept) => {
    expect(recorded({ ':path': path })?.path).toBe(kept);
  });

  it('a path of any length is bounded', () => {
    expect(recorded({ ':path': `/${'a'.repeat(100_000)}` })?.path).toHaveLength(256);
    expect(recorded({ ':path': `/${'a'.repeat(254)}?${'b'.repeat(100_000)}` })?.path).toBe(`/${'a'.repeat(254)}`);
  });

  it('a query that begins after the bound does not bring any of itself along', () => {
    expect(recorded({ ':path': `/${'a'.repeat(300)}?secret` })?.path).toBe(`/${'a'.repeat(255)}`);
  });

  it('a method of any length is bounded', () => {
    expect(recorded({ ':method': 'M'.repeat(1000) })?.method).toHaveLength(32);
  });

  it('nothing at all is no error', () => {
    const world = new CoreWorld({});
    const stream = world.admission();
    stream.handler.message({
      kind: 'request_headers',
      headers: { get: () => undefined, text: () => undefined, all: () => [], startingWith: () => [] },
      attributes: { string: () => undefined, number: () => undefined, has: () => false },
    });
    expect(world.decided).toMatchObject([{ method: '', path: '', route: '', cluster: '' }]);
  });
});

describe('a gRPC client', () => {
  const refusedFor = (contentType: string) => {
    const world = new CoreWorld({});
    takeOut(world, 'a');
    const { last } = arrives(world, { ':method': 'POST', 'content-type': contentType });
    return last.kind === 'respond' ? last.answer.grpcStatus : 'not refused';
  };

  it.each(['application/grpc', 'application/grpc+proto', 'application/grpc+json'])('is known by %s', (contentType) => {
    expect(refusedFor(contentType)).toBe(14);
  });

  it.each(['application/grpc-web', 'application/grpc-web+proto', 'application/grpcx', 'application/json', ''])(
    'is not known by %s, which Envoy answers as plain HTTP',
    (contentType) => {
      expect(refusedFor(contentType)).toBeNull();
    },
  );
});
