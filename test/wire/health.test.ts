import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHealthRequest, encodeHealthList, encodeHealthStatus } from '../../src/wire/health.js';
import { field } from './support/bytes.js';
import * as reference from './support/reference/health.js';

describe('health messages', () => {
  it('are byte for byte those of proto-loader, and read as it reads them', { timeout: 60_000 }, () => {
    const status = fc.constantFrom('serving' as const, 'not_serving' as const, 'service_unknown' as const);
    const services = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), status), { selector: ([name]) => name });
    const hex = (bytes: Buffer) => bytes.toString('hex');
    fc.assert(
      fc.property(services, (entries) => {
        // An object puts names that are numbers first; a map on the wire has no order.
        const named = new Map(entries.map(([name, each]) => [`.${name}`, each]));
        expect(hex(encodeHealthList(named))).toBe(hex(reference.encodeHealthList(named)));
        for (const [service, each] of named) {
          expect(hex(encodeHealthStatus(each))).toBe(hex(reference.encodeHealthStatus(each)));
          const request = Buffer.concat([field(1, 'before'), field(9, 'unknown'), field(1, service)]);
          expect(decodeHealthRequest(request)).toEqual(reference.decodeHealthRequest(request));
        }
      }),
      { seed: 8 },
    );
  });

  it('ask for a service, or for the server as a whole', () => {
    expect(decodeHealthRequest(field(1, 'a.b.C'))).toEqual({ service: 'a.b.C' });
    expect(decodeHealthRequest(Buffer.alloc(0))).toEqual({ service: '' });
  });

  it.each([
    ['serving', '0801'],
    ['not_serving', '0802'],
    ['service_unknown', '0803'],
  ] as const)('%s is %s on the wire', (status, hex) => {
    expect(encodeHealthStatus(status).toString('hex')).toBe(hex);
  });

  it('list every service with its status', () => {
    const list = encodeHealthList(new Map([['', 'serving' as const]]));
    expect(list).toEqual(field(1, field(1, ''), field(2, Buffer.from('0801', 'hex'))));
  });
});
