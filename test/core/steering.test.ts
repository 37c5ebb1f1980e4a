import { describe, expect, it } from 'vitest';
import { FixedRoutes } from '../../src/core/steering.js';
import { CoreWorld } from '../support/core-world.js';
import { RouterModel } from '../support/router-model.js';

const POLICY = {
  clusters: {
    a: { fallback: ['b'], circuit: { minimumRequests: 1, open: { base: '5m', max: '5m' } }, retry: { maxRetries: 0 } },
  },
};

/** A world in which cluster `a` is open and its route cannot be steered. */
function fixedRoute() {
  const world = new CoreWorld(POLICY);
  const router = new RouterModel(world, { fixed: true });
  const send = (route = 'r') => router.serve({ cluster: 'a', route }, () => ({ status: 503 }));
  send();
  expect(world.circuit('a').state).toBe('open');
  return { world, send };
}

describe('a route that Envoy does not let be steered', () => {
  it('is found out by the first request that lands on its own cluster, and answered 503 from then on', () => {
    const { world, send } = fixedRoute();
    expect(send()).toMatchObject({ attempts: ['a'], from: 'upstream' });
    expect(world.decided.at(-1)?.decision).toBe('reroute');
    expect(world.counted('reroute_ignored', 'r', 'a')).toBe(1);
    expect(send()).toMatchObject({ attempts: [], from: 'sluice', status: 503 });
    expect(world.decided.at(-1)).toMatchObject({ decision: 'short_circuit', reason: 'circuit_open' });
  });

  it('does not concern another route to the same cluster', () => {
    const { world, send } = fixedRoute();
    send();
    send('other');
    expect(world.decided.at(-1)?.decision).toBe('reroute');
  });

  it('is tried again after a minute, for it may have been mended', () => {
    const { world, send } = fixedRoute();
    send();
    world.advance(60_000);
    send();
    expect(world.decided.at(-1)?.decision).toBe('reroute');
    expect(world.counted('reroute_ignored', 'r', 'a')).toBe(2);
  });

  it('is counted where it gives way to others, and found out again by its next request', () => {
    const { world, send } = fixedRoute();
    for (let n = 0; n < 1_003; n++) send(`r${n}`);
    expect(world.counted('dropped', 'route')).toBe(3);
    send('r1002');
    expect(world.decided.at(-1)?.decision).toBe('short_circuit');
    send('r0');
    expect(world.decided.at(-1)?.decision).toBe('reroute');
  });

  it('is not counted where its time was over anyway', () => {
    const { world, send } = fixedRoute();
    for (let n = 0; n < 1_000; n++) send(`r${n}`);
    world.advance(60_000);
    for (let n = 1_000; n < 1_003; n++) send(`r${n}`);
    expect(world.counted('dropped', 'route')).toBe(0);
  });

  it('is not learned from a reroute that Envoy followed', () => {
    const world = new CoreWorld(POLICY);
    const router = new RouterModel(world);
    const send = () =>
      router.serve({ cluster: 'a', route: 'r' }, (cluster) => ({ status: cluster === 'a' ? 503 : 200 }));
    send();
    expect(send()).toMatchObject({ attempts: ['b'], status: 200 });
    expect(send()).toMatchObject({ attempts: ['b'], status: 200 });
    expect(world.counted('reroute_ignored', 'r', 'a')).toBe(0);
  });
});

it('remembers a bounded number of routes, the newest', () => {
  const routes = new FixedRoutes(() => undefined);
  for (let i = 0; i < 5000; i++) routes.learn(`r${i}`, 'a', 0);
  expect(routes.has('r4999', 'a', 1)).toBe(true);
  expect(routes.has('r4000', 'a', 1)).toBe(true);
  expect(routes.has('r3999', 'a', 1)).toBe(false);
});

it('tells news from what it knows', () => {
  const routes = new FixedRoutes(() => undefined);
  expect([routes.learn('r', 'a', 0), routes.learn('r', 'a', 1), routes.learn('r', 'a', 70_000)]).toEqual([
    true,
    false,
    true,
  ]);
});
