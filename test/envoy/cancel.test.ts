// A client that goes away, at every stage: nothing is sent again, the upstream is not blamed, and nothing is left behind.

import { describe, expect, it, onTestFinished } from 'vitest';
import { hang, stream } from '../support/behaviour.js';
import { startBlackHole } from '../support/black-hole.js';
import { open } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startMesh } from '../support/mesh.js';
import { addUpstream, hosts } from '../support/routes.js';
import { recordOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost, WATCHING } from './rows/run.js';

const policy = { defaults: { circuit: WATCHING, retry: { maxRetries: 3 } } };

describe('a client that goes away', () => {
  const world = useMesh({ policy });

  it('R7: while the upstream works on its answer: not sent again, not counted', async () => {
    const { primary } = world.mesh.upstreams;
    primary.behave(hang);
    const leaving = new AbortController();
    const gone = expect(world.mesh.request('/primary/works', { signal: leaving.signal })).rejects.toThrow('abort');
    await eventually(() => expect(primary.requests).toHaveLength(1));
    leaving.abort();
    await gone;
    const record = await recordOf(world.mesh, '/primary/works');
    expect(record).toMatchObject({
      result: 'cancelled',
      notRetried: 'cancelled',
      attempts: [{ stage: 'cancelled', outcome: 'ignored', error: 'cancelled' }],
    });
    expect(primary.requests).toHaveLength(1);
    expect(await world.mesh.sluice.circuit('primary')).toMatchObject({ requests: 0, failures: 0 });
  });

  it('R7: in the middle of a body: not sent again, and its good headers stay a success', async () => {
    const { secondary } = world.mesh.upstreams;
    secondary.behave(stream(['data: 1\n\n'], 5, true));
    const leaving = new AbortController();
    const message = await open(world.mesh.envoy.port, '/secondary/leaves', { signal: leaving.signal });
    expect(message.statusCode).toBe(200);
    message.on('error', () => message.destroy());
    leaving.abort();
    const record = await recordOf(world.mesh, '/secondary/leaves');
    expect(record).toMatchObject({ result: 'success', attempts: [{ stage: 'response', outcome: 'success' }] });
    expect(secondary.requests).toHaveLength(1);
    expect(await world.mesh.sluice.circuit('secondary')).toMatchObject({ requests: 1, failures: 0 });
    // Envoy logs the request before its attempt then: that is its order, and no news.
    const { metric } = await settled(world.mesh);
    expect(metric('sluice_trace_entries_total', { match: 'early' })).toBe(0);
  });

  it('R7: while it still connects: not retried, not counted', async () => {
    const hole = await startBlackHole();
    onTestFinished(() => hole[Symbol.asyncDispose]());
    const patient = { ...hosts('hole', hole.port), connect_timeout: '10s' };
    await using mesh = await startMesh({
      policy,
      envoy: { patch: (bootstrap) => addUpstream(bootstrap, 'hole', patient) },
    });
    const leaving = new AbortController();
    const gone = expect(mesh.request('/hole/connects', { signal: leaving.signal })).rejects.toThrow('abort');
    await eventually(async () => expect(await mesh.envoy.counter('cluster.hole.upstream_cx_active')).toBe(1));
    leaving.abort();
    await gone;
    const record = await recordOf(mesh, '/hole/connects');
    expect(record).toMatchObject({ result: 'cancelled', notRetried: 'cancelled' });
    for (const attempt of record.attempts) expect(attempt).toMatchObject({ outcome: 'ignored' });
    expect(await mesh.envoy.counter('cluster.hole.upstream_rq_retry')).toBe(0);
    expect(await mesh.sluice.circuit('hole')).toMatchObject({ requests: 0, failures: 0 });
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});
