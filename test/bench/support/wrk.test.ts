import { describe, expect, it } from 'vitest';
import { parseWrk } from './wrk.js';

const SAID = `Running 4s test @ http://127.0.0.1:18990/x
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.06ms  158.62us   3.76ms   84.51%
    Req/Sec    30.42k     0.99k   31.71k    82.50%
  Latency Distribution
     50%  318.00us
     75%    1.11ms
     90%    1.20ms
     99%    1.64ms
  121056 requests in 4.00s, 13.62MB read
Requests/sec:  30259.31
Transfer/sec:      3.40MB
`;

describe("wrk's output", () => {
  it('is read', () => {
    expect(parseWrk(SAID)).toEqual({
      requestsPerSecond: 30259.31,
      requests: 121056,
      p50Ms: 0.318,
      p99Ms: 1.64,
      failed: 0,
    });
  });

  it('is read where times are long', () => {
    expect(parseWrk(SAID.replace('1.64ms', '1.20s').replace('318.00us', '1.50m'))).toMatchObject({
      p50Ms: 90_000,
      p99Ms: 1200,
    });
  });

  it('counts bad answers and broken connections as failed', () => {
    const errors = '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 50\n';
    expect(parseWrk(SAID.replace('Requests/sec', `${errors}Requests/sec`)).failed).toBe(60);
  });

  it.each(['Requests/sec', ' 50%', ' 99%', ' requests in'])('is refused without its line of %s', (part) => {
    const without = SAID.split('\n').filter((line) => !line.includes(part));
    expect(() => parseWrk(without.join('\n'))).toThrow('wrk said nothing of');
  });

  it('is refused with a unit of time that nobody knows', () => {
    expect(() => parseWrk(SAID.replace('1.64ms', '1.64h'))).toThrow('"1.64h" cannot be read');
  });
});
