import { describe, expect, it } from 'vitest';
import { decodeHealthRequest, encodeHealthStatus } from '../../src/wire/health.js';
import { CHECK_ALL, checkedStatus } from '../../src/wire/health-check.js';

describe('a health check from the asking side', () => {
  it('asks for the server as a whole', () => {
    expect(decodeHealthRequest(CHECK_ALL)).toEqual({ service: '' });
  });

  it.each(['serving', 'not_serving', 'service_unknown'] as const)('reads %s as it was written', (status) => {
    expect(checkedStatus(encodeHealthStatus(status))).toBe(status);
  });

  it('takes an answer without a status for the unknown one, as protobuf leaves out a zero', () => {
    expect(checkedStatus(Buffer.alloc(0))).toBe('unknown');
  });

  it.each([
    ['another field', '1001'],
    ['a status that there is not', '0804'],
    ['half of a message', '08'],
    ['more than a status', '08010801'],
  ])('takes %s for no answer', (_what, hex) => {
    expect(checkedStatus(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});
