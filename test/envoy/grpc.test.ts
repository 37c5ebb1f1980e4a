// gRPC: the outcome is in `grpc-status`, which comes in the only headers, where the judge sees it, or in trailers after a
// body, where only the log does. Both reach the circuit, once.

import { beforeEach, describe, expect, it } from 'vitest';
import { callGrpc } from '../support/grpc-client.js';
import { type GrpcBehaviour, grpcStatus, grpcTrailersOnly } from '../support/grpc-upstream.js';
import { recordOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost, WATCHING } from './rows/run.js';

const OK = 0;
const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;

const policy = {
  defaults: {
    circuit: WATCHING,
    retry: {
      maxRetries: 2,
      judge: true,
      on: ['connect-failure', 'refused-stream', 'unavailable', 'resource-exhausted'],
      backoff: { base: '20ms', max: '20ms', jitter: 'none', byStatus: {} },
      nonIdempotent: true,
    },
  },
};

const world = useMesh({ policy });

beforeEach(() => {
  world.mesh.upstreams.grpc.behave(grpcStatus(OK));
});

/** What the circuit and the upstream saw of one call. */
async function call(method: string, ...behaviours: readonly GrpcBehaviour[]) {
  const { grpc } = world.mesh.upstreams;
  const figures = async () => {
    await settled(world.mesh);
    const found = (await world.mesh.sluice.circuits()).find(({ cluster }) => cluster === 'grpc');
    return { requests: found?.requests ?? 0, failures: found?.failures ?? 0 };
  };
  const before = await figures();
  const callsBefore = grpc.calls.length;
  grpc.behave((_call, index) => behaviours[Math.min(index, behaviours.length - 1)] ?? grpcStatus(OK));
  const path = `/grpc/${method}`;
  const answer = await callGrpc(world.mesh.envoy.port, path);
  const record = await recordOf(world.mesh, path);
  const after = await figures();
  return {
    answer,
    record,
    calls: grpc.calls.length - callsBefore,
    learned: [after.requests - before.requests, after.failures - before.failures],
  };
}

describe('a gRPC call', () => {
  it.each([
    ['UNAVAILABLE', UNAVAILABLE],
    ['RESOURCE_EXHAUSTED', RESOURCE_EXHAUSTED],
  ])('answered %s in its only headers is retried by the judge', async (name, status) => {
    const seen = await call(`Retried${name}`, grpcTrailersOnly(status), grpcStatus(OK));
    expect(seen.answer).toMatchObject({ grpcStatus: '0' });
    expect(seen.calls).toBe(2);
    expect(seen.learned).toEqual([2, 1]);
    expect(seen.record).toMatchObject({
      result: 'success',
      attempts: [
        { attempt: 1, stage: 'response', outcome: 'failure', error: 'grpc_status', status: 200 },
        { attempt: 2, stage: 'response', outcome: 'success', waitMs: 20 },
      ],
    });
  });

  it('that stays UNAVAILABLE gets the last status untouched, after every attempt', async () => {
    const seen = await call('Stays', grpcTrailersOnly(UNAVAILABLE, { 'grpc-message': 'no capacity' }));
    expect(seen.answer).toMatchObject({ grpcStatus: '14', grpcMessage: 'no capacity', trailersOnly: true });
    expect(seen.calls).toBe(3);
    expect(seen.learned).toEqual([1, 1]);
    expect(seen.record).toMatchObject({ result: 'failure', notRetried: 'exhausted' });
  });

  it('answered with a status that is no failure is neither retried nor counted as one', async () => {
    const seen = await call('NotFound', grpcTrailersOnly(NOT_FOUND));
    expect(seen.answer.grpcStatus).toBe('5');
    expect(seen.calls).toBe(1);
    expect(seen.learned).toEqual([1, 0]);
  });

  it('whose failure comes in trailers after a body cannot be retried any more, and counts as a failure', async () => {
    const seen = await call('Trailers', grpcStatus(UNAVAILABLE));
    expect(seen.answer).toMatchObject({ grpcStatus: '14', trailersOnly: false });
    expect(seen.calls).toBe(1);
    // The good headers were a success; the trailers add the failure.
    expect(seen.learned).toEqual([2, 1]);
    expect(seen.record).toMatchObject({ result: 'failure', attempts: [{ outcome: 'failure', error: 'grpc_status' }] });
  });

  it('I17: with grpc-retry-pushback-ms 350 is sent again that much later, and with -1 not at all', async () => {
    const later = await call(
      'Pushback',
      grpcTrailersOnly(UNAVAILABLE, { 'grpc-retry-pushback-ms': '350' }),
      grpcStatus(OK),
    );
    expect(later.record.attempts.map(({ waitMs }) => waitMs)).toEqual([0, 350]);
    const [first, second] = world.mesh.upstreams.grpc.calls.slice(-2);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(348);
    const never = await call('PushbackNever', grpcTrailersOnly(UNAVAILABLE, { 'grpc-retry-pushback-ms': '-1' }));
    expect(never.calls).toBe(1);
    expect(never.record.notRetried).toBe('server_pushback');
  });

  it('R2: whose stream was refused was not processed: it is sent again', async () => {
    const seen = await call('RefusedStream', { kind: 'refuse_stream' }, grpcStatus(OK));
    expect(seen.answer.grpcStatus).toBe('0');
    expect(seen.calls).toBe(2);
    expect(seen.record.attempts[1]).toMatchObject({ attempt: 2, outcome: 'success' });
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});

describe('RESOURCE_EXHAUSTED and 429', () => {
  it('count in the ratio and not in the streak', async () => {
    const { primary } = world.mesh.upstreams;
    const { respond } = await import('../support/behaviour.js');
    primary.behave((_request, index) => respond(index === 0 ? 500 : 429));
    for (let count = 0; count < 4; count += 1) await world.mesh.request(`/primary/limited${count}`);
    await call('Exhausted', grpcTrailersOnly(RESOURCE_EXHAUSTED));
    const detail = async (cluster: string) => (await world.mesh.sluice.fetch(`/circuits/${cluster}`)).json();
    expect(await detail('primary')).toMatchObject({ requests: 4, failures: 4, consecutiveFailures: 1 });
  });
});
