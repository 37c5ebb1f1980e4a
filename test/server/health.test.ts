import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { field } from '../wire/support/bytes.js';
import { EnvoyClient } from './support/client.js';
import { overEachTransport } from './support/harness.js';

const EXT_PROC = 'envoy.service.ext_proc.v3.ExternalProcessor';
const SERVING = Buffer.from('0801', 'hex');
const NOT_SERVING = Buffer.from('0802', 'hex');
const SERVICE_UNKNOWN = Buffer.from('0803', 'hex');

const WHOLE = Buffer.alloc(0);
const service = (name: string) => field(1, name);

overEachTransport((start) => {
  describe('a health check', () => {
    it.each([
      ['the server as a whole', WHOLE],
      ['the external processor', service(EXT_PROC)],
    ])('of %s follows what is served', async (_, request) => {
      let serving = false;
      const { server } = await start({ serving: () => serving });
      const client = new EnvoyClient(server.address);
      expect(await client.health('Check', request)).toEqual(NOT_SERVING);
      serving = true;
      expect(await client.health('Check', request)).toEqual(SERVING);
    });

    it('of a service that there is not says which there are', async () => {
      const { server } = await start();
      const answer = await new EnvoyClient(server.address).health('Check', service('a.b.C'));
      expect(answer).toMatchObject({ code: status.NOT_FOUND, details: expect.stringContaining(EXT_PROC) });
      expect(answer).toMatchObject({ details: expect.stringContaining('"a.b.C"') });
    });

    it('of all services names each with its status', async () => {
      const { server } = await start();
      const entry = (name: string) => field(1, field(1, name), field(2, SERVING));
      const answer = await new EnvoyClient(server.address).health('List', WHOLE);
      expect(answer).toEqual(Buffer.concat([entry(''), entry(EXT_PROC)]));
    });
  });

  describe('a health watch', () => {
    it('gets the status at once, another when draining begins, and then its end', async () => {
      const { server } = await start();
      const watch = new EnvoyClient(server.address).watch(service(EXT_PROC));
      expect(await watch.next()).toEqual(SERVING);
      const drained = server.drain(5_000);
      expect(await watch.next()).toEqual(NOT_SERVING);
      expect((await watch.status).code).toBe(status.OK);
      await drained;
    });

    it('of a service that there is not is told so and kept open', async () => {
      const { server } = await start();
      const client = new EnvoyClient(server.address);
      const watch = client.watch(service('a.b.C'));
      expect(await watch.next()).toEqual(SERVICE_UNKNOWN);
      expect(await client.health('Check', WHOLE)).toEqual(SERVING);
      watch.cancel();
      expect((await watch.status).code).toBe(status.CANCELLED);
    });
  });
});
