// The transport as users choose it: the built program.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LIMITS } from '../../../src/server/h2/limits.js';
import { CODE, FLAG } from '../../../src/server/h2/protocol.js';
import { STATUS } from '../../../src/server/h2/status.js';
import { METHODS } from '../../../src/server/services.js';
import { MAIN_JS, startSluice } from '../../support/sluice.js';
import { data, message, open, uint32 } from './support/frames.js';
import { greeted, Peer } from './support/peer.js';

const run = promisify(execFile);

/** The first setting tells them apart: only the direct transport wants no header table. */
async function wantsNoTable(grpc: string): Promise<boolean> {
  const first = await new Peer(grpc).next(() => true);
  return first?.payload.subarray(0, 6).toString('hex') === '000100000000';
}

describe('sluice serve', () => {
  it.each([
    ['by default on sockets', [], {}, true],
    ['with --transport grpc-js on grpc-js', ['--transport', 'grpc-js'], {}, false],
    ['with SLUICE_TRANSPORT=grpc-js on grpc-js', [], { SLUICE_TRANSPORT: 'grpc-js' }, false],
    ['with --transport direct on sockets', ['--transport', 'direct'], { SLUICE_TRANSPORT: 'grpc-js' }, true],
  ])(
    'runs %s',
    async (_, args, env, direct) => {
      vi.stubEnv('SLUICE_TRANSPORT', undefined);
      onTestFinished(() => void vi.unstubAllEnvs());
      const sluice = await startSluice({ policy: {}, args, env });
      try {
        expect(await wantsNoTable(sluice.grpc)).toBe(direct);
        const peer = await greeted(sluice.grpc);
        peer.send(open(1, { ':path': METHODS.healthCheck }), data(1, message(Buffer.alloc(0)), 1));
        expect((await peer.answerOf(1)).toString('hex')).toBe('0801');
      } finally {
        expect(await sluice.stop()).toBe(0);
      }
    },
    30_000,
  );

  it('counts what is past the limits of a port, and tells at /metrics', async () => {
    const sluice = await startSluice({ policy: {} });
    try {
      const peer = await greeted(sluice.grpc);
      const last = 2 * LIMITS.maxStreams + 1;
      for (let id = 1; id <= last; id += 2) peer.send(open(id));
      expect(await peer.resetOf(last)).toBe(CODE.refusedStream);
      const other = await greeted(sluice.grpc);
      other.send(open(1), data(1, Buffer.concat([Buffer.from([0]), uint32(LIMITS.maxMessageBytes + 1)])));
      expect(await other.headersOf(1)).toMatchObject({ 'grpc-status': String(STATUS.resourceExhausted) });
      // Short on the wire, and 37 bytes each by the count of HTTP/2.
      const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`x${n}`, 'y']));
      other.send(open(3, many, FLAG.endStream));
      expect(await other.headersOf(3)).toMatchObject({ ':status': '431' });
      const { metric } = await sluice.metrics();
      expect(metric('sluice_refused_total', { reason: 'grpc_stream' })).toBe(1);
      expect(metric('sluice_refused_total', { reason: 'grpc_message' })).toBe(1);
      expect(metric('sluice_refused_total', { reason: 'grpc_headers' })).toBe(1);
      expect(metric('sluice_streams', { role: 'admission' })).toBe(LIMITS.maxStreams);
    } finally {
      await sluice.stop();
    }
  }, 60_000);

  it('says which transports there are', async () => {
    const failed = await run(process.execPath, [MAIN_JS, 'serve', '--transport', 'quic']).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('direct, grpc-js') });
  }, 30_000);
});
