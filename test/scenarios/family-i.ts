// Family I: exponential backoff for tools.

import { type Scenario, times } from './scenario.js';

const tools = (more: object = {}, rest: object = {}) => ({
  defaults: {
    circuit: { minimumRequests: 50 },
    retry: {
      maxRetries: 2,
      judge: true,
      statuses: [429, 500, 502, 503, 504],
      backoff: { base: '200ms', max: '5s', jitter: 'none', byStatus: {} },
      ...more,
    },
  },
  ...rest,
});
const call = { cluster: 'a', method: 'GET', path: '/tool' };

export const familyI: readonly Scenario[] = [
  {
    id: 'I4',
    title: 'a 503 is retried',
    policy: tools(),
    request: call,
    meets: { a: [{ status: 503 }, { status: 200 }] },
    expect: { attempts: ['a', 'a'], status: 200, waits: [200] },
  },
  ...[400, 401, 404].map(
    (status): Scenario => ({
      id: 'I4',
      title: `a ${status} is not retried`,
      policy: tools(),
      request: call,
      meets: { a: [{ status }] },
      expect: { attempts: ['a'], status },
    }),
  ),
  {
    id: 'I5',
    title: 'with statuses [408] a 408 is retried',
    policy: tools({ statuses: [408] }),
    request: call,
    meets: { a: [{ status: 408 }, { status: 200 }] },
    expect: { attempts: ['a', 'a'], status: 200 },
  },
  {
    id: 'I5',
    title: 'with statuses [408] a 500 is not retried',
    policy: tools({ statuses: [408] }),
    request: call,
    meets: { a: [{ status: 500 }] },
    expect: { attempts: ['a'], status: 500, notRetried: 'not_retriable' },
  },
  {
    id: 'I6',
    title: 'three failures are two waits, then exhausted',
    policy: tools(),
    request: call,
    meets: { a: [{ status: 503 }] },
    expect: { attempts: times(3, 'a'), status: 503, waits: [200, 400], notRetried: 'exhausted' },
  },
  {
    id: 'I8',
    title: 'an override for one target holds for it',
    policy: tools({}, { clusters: { b: { retry: { maxRetries: 1 } } } }),
    request: { ...call, cluster: 'b' },
    meets: { b: [{ status: 503 }] },
    expect: { attempts: ['b', 'b'], status: 503 },
  },
  {
    id: 'I8',
    title: 'an override for one target leaves the others as they are',
    policy: tools({}, { clusters: { b: { retry: { maxRetries: 1 } } } }),
    request: call,
    meets: { a: [{ status: 503 }] },
    expect: { attempts: times(3, 'a'), status: 503 },
  },
  {
    id: 'I9',
    title: 'maxRetries 0 makes one attempt',
    policy: tools({ maxRetries: 0 }),
    request: call,
    meets: { a: [{ status: 503 }] },
    expect: { attempts: ['a'], status: 503, notRetried: 'retries_off' },
  },
  {
    id: 'I16',
    title: 'failing maxRetries times and then working is a 200',
    policy: tools(),
    request: call,
    meets: { a: [{ status: 503 }, { status: 503 }, { status: 200 }] },
    expect: { attempts: times(3, 'a'), status: 200 },
  },
  {
    id: 'I16',
    title: 'failing once more than that is the last error of the upstream',
    policy: tools(),
    request: call,
    meets: { a: [{ status: 503 }, { status: 503 }, { status: 500 }] },
    expect: { attempts: times(3, 'a'), status: 500, from: 'upstream' },
  },
  ...(
    [
      ['Retry-After in seconds', { 'retry-after': '2' }, 2000],
      ['Retry-After as a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:02 GMT' }, 2000],
      ['retry-after-ms', { 'retry-after-ms': '350' }, 350],
      ['grpc-retry-pushback-ms', { 'grpc-retry-pushback-ms': '350' }, 350],
      ['a shorter wish than the schedule', { 'retry-after-ms': '10' }, 200],
    ] as const
  ).map(
    ([what, headers, wait]): Scenario => ({
      id: 'I17',
      title: `${what} is waited for`,
      policy: tools(),
      request: call,
      meets: { a: [{ status: 503, headers }, { status: 200 }] },
      expect: { attempts: ['a', 'a'], status: 200, waits: [wait] },
    }),
  ),
  ...(
    [
      ['a wish over the cap', { 'retry-after': '6' }],
      ['a pushback of -1', { 'grpc-retry-pushback-ms': '-1' }],
      ['x-should-retry: false', { 'x-should-retry': 'false' }],
      ['an absurd wish', { 'retry-after': '999999999' }],
    ] as const
  ).map(
    ([what, headers]): Scenario => ({
      id: 'I17',
      title: `${what} means no retry`,
      policy: tools(),
      request: call,
      meets: { a: [{ status: 503, headers }] },
      expect: { attempts: ['a'], status: 503, from: 'upstream', notRetried: 'server_pushback' },
    }),
  ),
  {
    id: 'I17',
    title: 'a wait that does not fit the deadline means no retry',
    policy: tools(),
    request: { ...call, timeoutMs: 1500 },
    meets: { a: [{ status: 503, headers: { 'retry-after': '2' } }] },
    expect: { attempts: ['a'], status: 503, from: 'upstream', notRetried: 'deadline' },
  },
];
