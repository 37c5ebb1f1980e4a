// Family I through Envoy: exponential backoff for tools, by the judge. How long it waits is in waits.test.ts.

import { respond } from '../../support/behaviour.js';
import { answered, type Row, times } from './row.js';
import { WATCHING } from './run.js';

export const policyI = {
  defaults: {
    circuit: WATCHING,
    retry: {
      maxRetries: 2,
      judge: true,
      statuses: [429, 500, 502, 503, 504],
      backoff: { base: '20ms', max: '5s', jitter: 'full', byStatus: {} },
    },
  },
  clusters: { provider: { retry: { statuses: [408] } } },
};

/** Fails so many times, each time with a body of its own, then works. */
const failing = (failures: number, status: number) => (_request: unknown, index: number) =>
  index < failures ? respond(status, { body: `failure ${index + 1}` }) : respond(200, { body: 'works' });

export const familyI: readonly Row[] = [
  {
    id: 'I4',
    title: 'a 503 is retried',
    to: 'flaky',
    upstreams: { flaky: failing(1, 503) },
    expect: {
      status: 200,
      body: 'works',
      received: { flaky: 2 },
      attempts: [answered('flaky', 503), answered('flaky', 200)],
      result: 'success',
      learned: { flaky: [2, 1] },
    },
  },
  ...[400, 401, 404].map(
    (status): Row => ({
      id: 'I4',
      title: `a ${status} is not retried`,
      to: 'flaky',
      upstreams: { flaky: failing(1, status) },
      expect: {
        status,
        body: 'failure 1',
        received: { flaky: 1 },
        attempts: [answered('flaky', status)],
        result: 'success',
        learned: { flaky: [1, 0] },
      },
    }),
  ),
  {
    id: 'I4',
    title: 'a 503 to a POST is not retried, unless it carries an idempotency key',
    to: 'flaky',
    request: { method: 'POST', body: '{}' },
    upstreams: { flaky: failing(1, 503) },
    expect: {
      status: 503,
      body: 'failure 1',
      received: { flaky: 1 },
      attempts: [answered('flaky', 503)],
      result: 'failure',
      notRetried: 'not_idempotent',
      learned: { flaky: [1, 1] },
    },
  },
  {
    id: 'I4',
    title: 'a 503 to a POST with an idempotency key is retried, with its body',
    to: 'flaky',
    request: { method: 'POST', body: '{}', headers: { 'idempotency-key': '8e03978e' } },
    upstreams: { flaky: failing(1, 503) },
    expect: {
      status: 200,
      received: { flaky: 2 },
      attempts: [answered('flaky', 503), answered('flaky', 200)],
      result: 'success',
      learned: { flaky: [2, 1] },
    },
  },
  {
    id: 'I5',
    title: 'with statuses [408] a 408 is retried',
    to: 'provider',
    upstreams: { provider: failing(1, 408) },
    expect: {
      status: 200,
      received: { provider: 2 },
      attempts: [answered('provider', 408), answered('provider', 200)],
      result: 'success',
      learned: { provider: [2, 0] },
    },
  },
  {
    id: 'I5',
    title: 'with statuses [408] a 500 is not retried',
    to: 'provider',
    upstreams: { provider: failing(1, 500) },
    expect: {
      status: 500,
      body: 'failure 1',
      received: { provider: 1 },
      attempts: [answered('provider', 500)],
      result: 'failure',
      notRetried: 'not_retriable',
      learned: { provider: [1, 1] },
    },
  },
  {
    id: 'I16',
    title: 'failing maxRetries times and then working is a 200',
    to: 'flaky',
    upstreams: { flaky: failing(2, 502) },
    expect: {
      status: 200,
      body: 'works',
      received: { flaky: 3 },
      attempts: [...times(2, answered('flaky', 502)), answered('flaky', 200)],
      result: 'success',
      learned: { flaky: [2, 1] },
    },
  },
  {
    id: 'I16',
    title: 'failing once more than that is the last error of the upstream, unchanged',
    to: 'flaky',
    upstreams: { flaky: failing(3, 502) },
    expect: {
      status: 502,
      body: 'failure 3',
      received: { flaky: 3 },
      attempts: times(3, answered('flaky', 502)),
      result: 'failure',
      notRetried: 'exhausted',
      learned: { flaky: [1, 1] },
    },
  },
];
