import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { TraceEntry } from '../../src/core/evidence.js';
import { decodeAccessLogs } from '../../src/wire/access-log.js';
import { WireError } from '../../src/wire/error.js';
import { eventually } from '../support/eventually.js';
import { field } from '../wire/support/bytes.js';
import { recorded } from '../wire/support/recorded.js';
import { EnvoyClient } from './support/client.js';
import { overEachTransport } from './support/harness.js';

const [LOGS = Buffer.alloc(0)] = recorded('ok', 'log');
const kinds = (entries: readonly TraceEntry[]) => entries.map(({ kind }) => kind);

overEachTransport((start) => {
  describe('the log stream', () => {
    it('hands on every entry of every message, and answers nothing', async () => {
      const { server, entries } = await start();
      const { call } = new EnvoyClient(server.address).logs();
      call.write(field(1, field(2, 'sluice')));
      call.write(LOGS);
      call.write(LOGS);
      await eventually(() => expect(kinds(entries)).toEqual(['attempt', 'request', 'attempt', 'request']));
    });

    it('tells of each message when the oldest of its entries ended, and nothing of one without entries', async () => {
      const { server, tracesEndedAtMs } = await start();
      const { call } = new EnvoyClient(server.address).logs();
      call.write(field(1, field(2, 'sluice')));
      call.write(LOGS);
      const ended = decodeAccessLogs(LOGS).firstEndedAtMs;
      await eventually(() => expect(tracesEndedAtMs).toEqual([ended]));
      expect(ended).toBeGreaterThan(Date.parse('2026-01-01'));
    });

    it('ends well when Envoy ends it', async () => {
      const { server } = await start();
      const { call, status: ended } = new EnvoyClient(server.address).logs();
      call.end();
      expect((await ended).code).toBe(status.OK);
    });

    it('goes on past an entry that could not be handled', async () => {
      const handled: TraceEntry[] = [];
      const { server, faults } = await start({
        traced(entry) {
          if (entry.kind === 'attempt') throw new Error('a bug');
          handled.push(entry);
        },
      });
      const { call } = new EnvoyClient(server.address).logs();
      call.write(LOGS);
      call.write(LOGS);
      await eventually(() => expect(kinds(handled)).toEqual(['request', 'request']));
      const fault = { place: 'access_log_entry', error: new Error('a bug') };
      expect(faults).toEqual([fault, fault]);
    });

    it('fails alone over bytes that are no log, and a new one works', async () => {
      const { server, faults, entries } = await start();
      const client = new EnvoyClient(server.address);
      const broken = client.logs();
      broken.call.write(LOGS.subarray(0, -1));
      expect((await broken.status).code).toBe(status.INTERNAL);
      expect(faults).toEqual([{ place: 'access_log_message', error: expect.any(WireError) }]);
      client.logs().call.write(LOGS);
      await eventually(() => expect(entries.length).toBe(2));
    });

    it.each([
      ['ends it', (call: { end(): void; cancel(): void }) => call.end()],
      ['goes away', (call: { end(): void; cancel(): void }) => call.cancel()],
    ])('is told to be over, once, when Envoy %s', async (_how, leave) => {
      const { server, entries, logsEnded } = await start();
      const { call, status: ended } = new EnvoyClient(server.address).logs();
      call.write(LOGS);
      await eventually(() => expect(entries.length).toBe(2));
      expect(logsEnded).toEqual([]);
      leave(call);
      await ended;
      await eventually(() => expect(logsEnded).toHaveLength(1));
      await server.drain(5_000);
      expect(logsEnded).toHaveLength(1);
    });

    it('that is cancelled leaves nothing to end while draining', async () => {
      const { server, entries } = await start();
      const { call, status: ended } = new EnvoyClient(server.address).logs();
      call.write(LOGS);
      await eventually(() => expect(entries.length).toBe(2));
      call.cancel();
      expect((await ended).code).toBe(status.CANCELLED);
      await expect(server.drain(5_000)).resolves.toBeUndefined();
    });
  });
});
