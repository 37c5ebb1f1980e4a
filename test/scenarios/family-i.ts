// Family I: exponential backoff for tools. Against deploy/policies/tool-gateway.yaml, whose jitter is full: the
// world's chance is set so that it always waits as long as it can. What is not about one request: backoff.test.ts.

import { shippedPolicy } from '../support/policies.js';
import { type Scenario, times } from './scenario.js';

const toolGateway = shippedPolicy('tool-gateway');
/** The same with other rules for retries. */
const tools = (retry: object) => shippedPolicy('tool-gateway', { defaults: { retry } });
const call = { cluster: 'a', method: 'GET', path: '/tool' };

export const familyI: readonly Scenario[] = [
  {
    id: 'I4',
    title: 'a 503 is retried',
    policy: toolGateway,
    request: call,
    meets: { a: [{ status: 503 }, { status: 200 }] },
    expect: { attempts: ['a', 'a'], status: 200, waits: [200] },
  },
  ...[400, 401, 404].map(
    (status): Scenario => ({
      id: 'I4',
      title: `a ${status} is not retried`,
      policy: toolGateway,
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
    policy: toolGateway,
    request: call,
    meets: { a: [{ status: 503 }] },
    expect: { attempts: times(3, 'a'), status: 503, waits: [200, 400], notRetried: 'exhausted' },
  },
  {
    id: 'I8',
    title: 'an override for one target holds for it',
    policy: toolGateway,
    request: { ...call, cluster: 'search' },
    meets: { search: [{ status: 503 }] },
    expect: { attempts: ['search', 'search'], status: 503 },
  },
  {
    id: 'I8',
    title: 'an override for one target leaves the others as they are',
    policy: toolGateway,
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
    id: 'I9',
    title: 'maxRetries 0 for one target makes one attempt there',
    policy: toolGateway,
    request: { ...call, cluster: 'payments' },
    meets: { payments: ['refused'] },
    expect: { attempts: ['payments'], status: 503, notRetried: 'retries_off', counters: {} },
  },
  {
    id: 'I13',
    title: 'a hold of 300 ms sends the retry 300 ms later; attempts are retries + 1',
    policy: tools({ backoff: { base: '300ms', jitter: 'none' } }),
    request: call,
    meets: { a: [{ status: 503 }, { status: 200 }] },
    expect: {
      attempts: times(2, 'a'),
      status: 200,
      waits: [300],
      record: [
        { attempt: 1, waitMs: 0 },
        { attempt: 2, waitMs: 300 },
      ],
    },
  },
  {
    id: 'I16',
    title: 'failing maxRetries times and then working is a 200',
    policy: toolGateway,
    request: call,
    meets: { a: [{ status: 503 }, { status: 503 }, { status: 200 }] },
    expect: { attempts: times(3, 'a'), status: 200 },
  },
  {
    id: 'I16',
    title: 'failing once more than that is the last error of the upstream',
    policy: toolGateway,
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
      policy: toolGateway,
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
      policy: toolGateway,
      request: call,
      meets: { a: [{ status: 503, headers }] },
      expect: { attempts: ['a'], status: 503, from: 'upstream', notRetried: 'server_pushback' },
    }),
  ),
  {
    id: 'I17',
    title: 'a wait that does not fit the deadline means no retry',
    policy: toolGateway,
    request: { ...call, timeoutMs: 1500 },
    meets: { a: [{ status: 503, headers: { 'retry-after': '2' } }] },
    expect: { attempts: ['a'], status: 503, from: 'upstream', notRetried: 'deadline' },
  },
  {
    id: 'I18',
    title: 'retries that were granted are counted by what caused them, and the one that saved the request',
    policy: toolGateway,
    request: call,
    meets: { a: ['refused', { status: 503 }, { status: 200 }] },
    expect: {
      attempts: times(3, 'a'),
      status: 200,
      counters: { 'a granted connection_refused': 1, 'a granted status': 1, 'a saved status': 1 },
    },
  },
  {
    id: 'I18',
    title: 'a retry that was not made is counted by why not',
    policy: toolGateway,
    request: call,
    meets: { a: [{ status: 503 }] },
    expect: {
      attempts: times(3, 'a'),
      status: 503,
      counters: { 'a granted status': 2, 'a refused exhausted': 1 },
    },
  },
  ...(
    [
      ['a POST', { ...call, method: 'POST' }, { status: 503 }, 'not_idempotent'],
      ['a server that asks not to', call, { status: 503, headers: { 'x-should-retry': 'false' } }, 'server_pushback'],
      ['a request that was written', call, 'reset_after_request', 'written'],
      ['a deadline', { ...call, timeoutMs: 100 }, { status: 503 }, 'deadline'],
    ] as const
  ).map(
    ([what, request, meets, reason]): Scenario => ({
      id: 'I18',
      title: `${what} refuses a retry as ${reason}, which is counted for its cluster`,
      policy: toolGateway,
      request,
      meets: { a: [meets] },
      expect: { attempts: ['a'], status: 503, notRetried: reason, counters: { [`a refused ${reason}`]: 1 } },
    }),
  ),
  {
    id: 'I18',
    title: 'a spent budget refuses a retry as retry_budget',
    policy: tools({ budget: { ratio: 0, minPerSecond: 0.1, window: '10s' } }),
    request: call,
    meets: { a: [{ status: 503 }] },
    expect: {
      attempts: times(2, 'a'),
      status: 503,
      from: 'upstream',
      notRetried: 'retry_budget',
      counters: { 'a granted status': 1, 'a refused retry_budget': 1 },
    },
  },
];
