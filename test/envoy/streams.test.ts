// Long answers: a stream of events is a success when its headers come, for it may go on for hours, and one more result only
// if it breaks. And nothing is held for ever of a request of which the log never tells.

import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { inTurn, respond, stream } from '../support/behaviour.js';
import { connectionManager, type JsonObject, object, ofType } from '../support/bootstrap.js';
import { open } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startMesh } from '../support/mesh.js';
import { recordOf, recordsOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost } from './rows/run.js';

const policy = {
  defaults: {
    circuit: {
      failureRatio: 0.5,
      minimumRequests: 6,
      window: { requests: 1000, duration: '1h' },
      open: { base: '60s' },
    },
    retry: { maxRetries: 1 },
  },
};

const world = useMesh({ policy });
const figures = async (cluster: string) => {
  const { state, requests, failures } = await world.mesh.sluice.circuit(cluster);
  return { state, requests, failures };
};

async function openStream(path: string): Promise<IncomingMessage> {
  const message = await open(world.mesh.envoy.port, path);
  expect(message.statusCode).toBe(200);
  message.on('error', () => message.destroy());
  message.resume();
  return message;
}

describe('a stream of events', () => {
  it('is a success as soon as its headers come, and no more than that when it ends well', async () => {
    world.mesh.upstreams.primary.behave(stream(['data: 1\n\n', 'data: 2\n\n'], 400));
    const message = await openStream('/primary/events');
    await eventually(async () =>
      expect(await figures('primary')).toEqual({ state: 'closed', requests: 1, failures: 0 }),
    );
    const { metric } = await world.mesh.sluice.metrics();
    expect(metric('sluice_sessions'), 'it is still under way').toBe(1);
    expect(message.complete).toBe(false);
    await settled(world.mesh);
    expect(message.complete).toBe(true);
    expect(await figures('primary')).toEqual({ state: 'closed', requests: 1, failures: 0 });
    expect((await world.mesh.sluice.metrics()).metric('sluice_attempts_total', { cluster: 'primary' })).toBe(1);
    expect(await recordOf(world.mesh, '/primary/events')).toMatchObject({ result: 'success' });
  });

  it('that is interrupted adds a failure, once, and is not sent again', async () => {
    const { primary } = world.mesh.upstreams;
    primary.forget();
    primary.behave(stream(['data: 1\n\n'], 10, true));
    const message = await openStream('/primary/breaks');
    await eventually(async () => expect(await figures('primary')).toMatchObject({ requests: 2, failures: 0 }));
    await primary.refuse();
    await settled(world.mesh);
    await primary.accept();
    expect(message.complete).toBe(false);
    expect(await figures('primary')).toMatchObject({ requests: 3, failures: 1 });
    expect(primary.requests).toHaveLength(1);
    const record = await recordOf(world.mesh, '/primary/breaks');
    expect(record).toMatchObject({ result: 'failure', notRetried: 'written', status: 200 });
    expect(record.attempts).toMatchObject([{ stage: 'body', outcome: 'failure', error: 'interrupted', status: 200 }]);
  });

  it('that its client leaves is no failure', async () => {
    world.mesh.upstreams.primary.behave(stream(['data: 1\n\n'], 10, true));
    const message = await openStream('/primary/left');
    message.destroy();
    await settled(world.mesh);
    expect(await figures('primary')).toMatchObject({ requests: 4, failures: 1 });
  });

  it('weighs as much as a quick failure: twenty open streams and six failures do not open a circuit at 0.5', async () => {
    const { secondary } = world.mesh.upstreams;
    secondary.behave((request) => (request.path.endsWith('/fails') ? respond(503) : stream(['data\n\n'], 10, true)));
    const messages = await Promise.all(Array.from({ length: 20 }, () => openStream('/secondary/events')));
    for (let count = 0; count < 6; count += 1) await world.mesh.request('/secondary/fails');
    await eventually(async () =>
      expect(await figures('secondary')).toEqual({ state: 'closed', requests: 26, failures: 6 }),
    );
    const { metric } = await world.mesh.sluice.metrics();
    expect(metric('sluice_sessions')).toBeGreaterThanOrEqual(20);
    for (const message of messages) message.destroy();
    await settled(world.mesh);
    expect(await figures('secondary')).toEqual({ state: 'closed', requests: 26, failures: 6 });
    expect(await recordsOf(world.mesh, '/secondary/events')).toHaveLength(20);
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});

describe('with no access log at all', () => {
  function withoutLogs(bootstrap: JsonObject): void {
    connectionManager(bootstrap).access_log = [];
    for (const router of ofType(bootstrap, 'Router')) object(router).upstream_log = [];
  }

  it('every request is decided, settled by its answer, and forgotten: nothing is held for ever', async () => {
    await using mesh = await startMesh({ policy, envoy: { patch: withoutLogs } });
    mesh.upstreams.primary.behave(inTurn(respond(200), respond(503), respond(200)));
    for (let count = 0; count < 8; count += 1) await mesh.request(`/primary/x${count}`);
    await mesh.request('/refusing/x');
    expect((await mesh.sluice.metrics()).metric('sluice_sessions')).toBe(9);
    // It waits ten seconds for a log that never spoke.
    const { metric } = await settled(mesh);
    expect(metric('sluice_trace_entries_total')).toBe(0);
    expect(await mesh.sluice.circuit('primary')).toMatchObject({ requests: 8, failures: 1 });
    expect(await mesh.sluice.circuit('refusing')).toMatchObject({ requests: 1, failures: 1 });
    for (const record of await mesh.sluice.requests()) expect(record.result).not.toBe('pending');
    expect(metric('sluice_faults_total')).toBe(0);
  });
});
