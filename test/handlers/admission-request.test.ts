// What admission makes of a request's headers: what a client may not say is taken out, what was decided is put in.

import { describe, expect, it } from 'vitest';
import { CoreWorld } from '../support/core-world.js';
import { arrives, continued, idOf, removedBy, retrying, setBy, takeOut, withChanges } from './support.js';

const CONTROLS = [
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-hedge-on-per-try-timeout',
  'x-sluice-id',
  'x-sluice-cluster',
  'x-sluice-retry',
  'x-sluice-role',
  'x-sluice-anything',
];

const modes: readonly [string, object][] = [
  ['a grant', { maxRetries: 2, statuses: [503] }],
  ['a grant with the judge', { maxRetries: 2, judge: true }],
  ['no grant', { maxRetries: 0 }],
  ['mode shadow', { mode: 'shadow' }],
  ['mode off', { mode: 'off' }],
];

describe('control headers of a client', () => {
  describe.each(modes)('under %s', (_, retry) => {
    it.each(CONTROLS)('%s does not get through', (name) => {
      const client = { accept: '*/*', [name]: 'forged' };
      const stream = arrives(new CoreWorld(retrying(retry)), client);
      const { headers } = continued(stream);
      expect(withChanges(client, headers)).toMatchObject({ accept: '*/*' });
      expect(Object.values(withChanges(client, headers))).not.toContain('forged');
    });

    it('all of them at once leave the same as none', () => {
      const clean = arrives(new CoreWorld(retrying(retry)));
      const client = Object.fromEntries(CONTROLS.map((name) => [name, ['forged', 'twice']]));
      const forged = arrives(new CoreWorld(retrying(retry)), client);
      expect(withChanges(client, continued(forged).headers)).toEqual(withChanges({}, continued(clean).headers));
    });

    it('a header is never both set and removed, for Envoy might do either first', () => {
      const client = Object.fromEntries(CONTROLS.map((name) => [name, 'forged']));
      const stream = arrives(new CoreWorld(retrying(retry)), client);
      const set = Object.keys(setBy(stream));
      expect(removedBy(stream).filter((name) => set.includes(name))).toEqual([]);
    });
  });

  it('are left alone where they only look alike', () => {
    const others = { 'x-envoy-original-path': '/y', 'x-sluicegate': '1', 'x-request-id': 'mine', 'x-envoy-peer': 'p' };
    expect(removedBy(arrives(new CoreWorld({}), others))).toEqual([]);
  });

  it('a request without any has nothing removed', () => {
    expect(removedBy(arrives(new CoreWorld({})))).toEqual([]);
  });

  it('an id that a client sends is never the id it gets', () => {
    const world = new CoreWorld({});
    const first = idOf(arrives(world));
    expect(idOf(arrives(world, { 'x-sluice-id': first }))).not.toBe(first);
  });
});

describe('a grant as headers', () => {
  const granted = (retry: object, headers = {}) => {
    const { 'x-sluice-id': _, ...rest } = setBy(arrives(new CoreWorld(retrying(retry)), headers));
    return rest;
  };

  it('names the conditions and how many retries', () => {
    expect(granted({ maxRetries: 2, on: ['connect-failure', 'refused-stream'] })).toEqual({
      'x-envoy-max-retries': '2',
      'x-envoy-retry-on': 'connect-failure,refused-stream',
    });
  });

  it('lets Envoy retry statuses itself where no judge is', () => {
    expect(granted({ maxRetries: 1, on: ['connect-failure'], statuses: [502, 503] })).toEqual({
      'x-envoy-max-retries': '1',
      'x-envoy-retry-on': 'connect-failure,retriable-status-codes',
      'x-envoy-retriable-status-codes': '502,503',
    });
  });

  it('leaves statuses to the judge where there is one, by the header it adds', () => {
    expect(granted({ maxRetries: 1, on: ['connect-failure'], statuses: [502, 503], judge: true })).toEqual({
      'x-envoy-max-retries': '1',
      'x-envoy-retry-on': 'connect-failure,retriable-headers',
      'x-envoy-retriable-header-names': 'x-sluice-retry',
    });
  });

  it('says gRPC conditions in their own header, and no empty one beside it', () => {
    expect(granted({ maxRetries: 1, on: ['unavailable', 'resource-exhausted'] })).toEqual({
      'x-envoy-max-retries': '1',
      'x-envoy-retry-grpc-on': 'unavailable,resource-exhausted',
    });
  });

  it('carries the timeout of a try in whole milliseconds, and none where none is set', () => {
    expect(granted({ perTryTimeout: '1500ms' })).toMatchObject({ 'x-envoy-upstream-rq-per-try-timeout-ms': '1500' });
    expect(granted({ perTryTimeout: '0s' })).not.toHaveProperty('x-envoy-upstream-rq-per-try-timeout-ms');
  });

  it.each(['POST', 'PATCH', 'LOCK', 'get', ''])('to method "%s" is for what was not written only', (method) => {
    const retry = { on: ['connect-failure', 'reset', '5xx'], statuses: [503], judge: true };
    expect(granted(retry, { ':method': method })).toEqual({
      'x-envoy-max-retries': '1',
      'x-envoy-retry-on': 'connect-failure',
    });
  });

  it('to a POST with an idempotency key is as wide as to a GET', () => {
    const retry = { on: ['connect-failure', 'reset'], statuses: [503] };
    const post = { ':method': 'POST', 'idempotency-key': 'k' };
    expect(granted(retry, post)).toEqual(granted(retry));
    expect(granted(retry, { ...post, 'idempotency-key': '' })).not.toEqual(granted(retry));
  });

  it.each([
    { ':method': 'CONNECT' },
    { upgrade: 'websocket' },
    { ':method': 'GET', ':protocol': 'websocket' },
    { ':method': 'POST', upgrade: 'websocket', 'idempotency-key': 'k' },
  ])('to an upgrade (%o) is for what was not written only', (headers) => {
    const retry = { on: ['connect-failure', 'reset'], statuses: [503], nonIdempotent: true };
    expect(granted(retry, headers)['x-envoy-retry-on']).toBe('connect-failure');
  });

  it.each([
    ['maxRetries 0', { maxRetries: 0 }],
    ['nothing that this request could be retried for', { on: [], statuses: [] }],
    ['a spent budget', { budget: { ratio: 0, minPerSecond: 0 } }],
  ])('is refused by %s: the route must not retry either', (_, retry) => {
    expect(granted(retry)).toEqual({ 'x-envoy-max-retries': '0' });
  });

  it.each(['off', 'shadow'])('is not made in mode %s: what Envoy would do by its own policy, it does', (mode) => {
    expect(granted({ mode, maxRetries: 2, statuses: [503] })).toEqual({});
  });
});

describe('the order of clusters', () => {
  const fallback = { clusters: { a: { fallback: ['b'] } } };

  it('is not given where Envoy has chosen right', () => {
    expect(continued(arrives(new CoreWorld({}))).order).toBeNull();
  });

  it('alternates where there is a fallback', () => {
    const world = new CoreWorld(retrying({ maxRetries: 3 }, fallback));
    expect(continued(arrives(world)).order).toEqual(['a', 'b', 'a', 'b']);
  });

  it('leads elsewhere while the circuit is open', () => {
    const world = new CoreWorld(fallback);
    takeOut(world, 'a');
    const stream = arrives(world);
    expect(continued(stream).order).toEqual(['b', 'b']);
    expect(setBy(stream)).not.toHaveProperty('x-sluice-cluster');
  });

  it('is an answer where no cluster is left', () => {
    const world = new CoreWorld(fallback);
    takeOut(world, 'a');
    takeOut(world, 'b');
    expect(arrives(world).last).toMatchObject({
      kind: 'respond',
      answer: { status: 503, details: 'sluice_forced_open', grpcStatus: null },
    });
  });
});

describe('a route that leaves the cluster to Sluice', () => {
  const unrouted = (world: CoreWorld, route: string, headers = {}) =>
    arrives(world, headers, { 'xds.route_name': route });

  it('goes to the cluster that the policy names', () => {
    const stream = unrouted(new CoreWorld({ routes: { checkout: { cluster: 'pay' } } }), 'checkout');
    expect(setBy(stream)).toMatchObject({ 'x-sluice-cluster': 'pay' });
    expect(continued(stream).order).toEqual(['pay']);
  });

  it('goes to the cluster named like the route where the policy names none', () => {
    const stream = unrouted(new CoreWorld({}), 'orders');
    expect(setBy(stream)).toMatchObject({ 'x-sluice-cluster': 'orders' });
    expect(continued(stream).order).toEqual(['orders']);
  });

  it('goes to the fallback while the circuit is open', () => {
    const world = new CoreWorld({ routes: { checkout: { cluster: 'pay', fallback: ['spare'] } } });
    takeOut(world, 'pay');
    const stream = unrouted(world, 'checkout');
    expect(setBy(stream)).toMatchObject({ 'x-sluice-cluster': 'spare' });
    expect(continued(stream).order?.[0]).toBe('spare');
  });

  it('has an order of one cluster, for the header cannot change between attempts', () => {
    const document = retrying({ maxRetries: 2 }, { routes: { checkout: { cluster: 'pay', fallback: ['spare'] } } });
    const stream = unrouted(new CoreWorld(document), 'checkout');
    expect(continued(stream).order).toEqual(['pay']);
    expect(setBy(stream)).toMatchObject({ 'x-sluice-cluster': 'pay', 'x-envoy-max-retries': '2' });
  });

  it('is told by the policy where Envoy has a cluster for the time without Sluice', () => {
    const world = new CoreWorld({ routes: { checkout: { cluster: 'pay' } } });
    const stream = arrives(world, {}, { 'xds.route_name': 'checkout', 'xds.cluster_name': 'emergency' });
    expect(setBy(stream)).toMatchObject({ 'x-sluice-cluster': 'pay' });
    expect(continued(stream).order).toEqual(['pay']);
    expect(world.decided).toMatchObject([{ cluster: 'pay', decision: 'admit' }]);
  });

  it('is answered for in the name of that cluster when it is out', () => {
    const world = new CoreWorld({ routes: { checkout: { cluster: 'pay' } } });
    takeOut(world, 'pay');
    const { last } = unrouted(world, 'checkout');
    if (last.kind !== 'respond') throw new Error(last.kind);
    expect(Object.fromEntries(last.answer.headers)).toMatchObject({ 'x-sluice-cluster': 'pay' });
  });

  it("does not believe the client's own x-sluice-cluster", () => {
    const stream = unrouted(new CoreWorld({}), 'orders', { 'x-sluice-cluster': 'admin' });
    expect(setBy(stream)).toMatchObject({ 'x-sluice-cluster': 'orders' });
    expect(removedBy(stream)).toEqual([]);
  });

  it('feeds the circuit of that cluster', () => {
    const world = new CoreWorld({ routes: { checkout: { cluster: 'pay' } } });
    unrouted(world, 'checkout');
    expect(world.decided).toMatchObject([{ cluster: 'pay', route: 'checkout', decision: 'admit' }]);
  });

  it('without a name has no cluster that could be managed', () => {
    const world = new CoreWorld({});
    const stream = arrives(world, {}, {});
    expect(setBy(stream)).not.toHaveProperty('x-sluice-cluster');
    expect(continued(stream).order).toBeNull();
    expect(world.decided).toMatchObject([{ cluster: '', decision: 'unmanaged' }]);
    expect(world.circuits.size).toBe(0);
  });
});
