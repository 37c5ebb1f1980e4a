import { describe, expect, it } from 'vitest';
import { decodeHealthRequest, encodeHealthList, encodeHealthStatus } from '../../src/wire/health.js';
import { field } from './support/bytes.js';

describe('health messages', () => {
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
