// Family R through Envoy: a proxy that must never send a request twice. Nothing is opted in: only what is proven unwritten
// may be retried, and every row proves by what the upstreams received that nothing else was.

import { cut, garbage, hang, reset, resetEarly, respond } from '../../support/behaviour.js';
import type { AttemptView } from '../../support/views.js';
import { answered, type Row, refused, times, unwritten } from './row.js';
import { WATCHING } from './run.js';

export const policyR = {
  ceilings: { maxRetries: 10 },
  defaults: { circuit: WATCHING, retry: { maxRetries: 2 } },
  clusters: {
    // A connect that times out costs 0.3 s each.
    hole: { retry: { maxRetries: 1 } },
    off: { retry: { maxRetries: 0 } },
    secure: { fallback: [] },
    limping: { fallback: ['secondary'] },
    flaky: { retry: { perTryTimeout: '150ms' } },
    n1: { retry: { maxRetries: 1 } },
    n5: { retry: { maxRetries: 5 } },
  },
};

const post = { method: 'POST', body: 'pay 10 EUR' };
const written = (cluster: string, error: string): Partial<AttemptView> => ({
  cluster,
  stage: 'request_sent',
  outcome: 'failure',
  status: null,
  error,
});
const local = (cluster: string, error: string): Partial<AttemptView> => ({
  cluster,
  stage: 'local',
  outcome: 'ignored',
  status: null,
  error,
});

const neverWritten: readonly Row[] = [
  {
    id: 'R1',
    title: 'a refused connection is retried at most maxRetries times',
    to: 'refusing',
    request: post,
    expect: {
      status: 503,
      received: {},
      attempts: times(3, refused('refusing')),
      result: 'failure',
      notRetried: 'exhausted',
      learned: { refusing: [1, 1] },
      envoy: { 'cluster.refusing.upstream_cx_connect_fail': 3 },
    },
  },
  {
    id: 'R1',
    title: 'a connect that times out is retried',
    to: 'hole',
    request: post,
    expect: {
      status: 503,
      received: {},
      // Only the details of the last one say why: the log entry of an attempt has none.
      attempts: [unwritten('hole', 'connect', 'connection_failure'), unwritten('hole', 'connect', 'connect_timeout')],
      result: 'failure',
      notRetried: 'exhausted',
      learned: { hole: [1, 1] },
      envoy: { 'cluster.hole.upstream_cx_connect_timeout': 2 },
    },
  },
  {
    id: 'R2',
    title: 'a TLS handshake that fails leaves the request unwritten, and it is retried',
    to: 'secure',
    request: post,
    expect: {
      status: 503,
      received: {},
      attempts: times(3, unwritten('secure', 'tls', 'tls')),
      result: 'failure',
      notRetried: 'exhausted',
      learned: { secure: [1, 1] },
      envoy: { 'cluster.secure.ssl.fail_verify_san': 3 },
    },
  },
  {
    id: 'R2',
    title: 'a POST that was refused is sent, once, to the fallback, with its body',
    to: 'limping',
    request: post,
    expect: {
      status: 200,
      received: { secondary: 1 },
      attempts: [refused('limping'), answered('secondary', 200)],
      result: 'success',
      learned: { limping: [1, 1], secondary: [1, 0] },
    },
  },
  ...([1, 5] as const).map(
    (retries): Row => ({
      id: 'R13',
      title: `always refused, maxRetries ${retries}, is exactly ${retries + 1} attempts`,
      to: `n${retries}`,
      expect: {
        status: 503,
        received: {},
        attempts: times(retries + 1, refused(`n${retries}`)),
        result: 'failure',
        notRetried: 'exhausted',
        learned: { [`n${retries}`]: [1, 1] },
        envoy: { [`cluster.n${retries}.upstream_cx_connect_fail`]: retries + 1 },
      },
    }),
  ),
];

const perhapsWritten: readonly Row[] = [
  ...(
    [
      ['the connection is reset after the request', reset],
      ['the connection is reset after its head', resetEarly],
      ['the connection is closed without an answer', { kind: 'close' }],
    ] as const
  ).map(
    ([what, behaviour]): Row => ({
      id: 'R3',
      title: `where ${what}, it is not sent again`,
      to: 'primary',
      upstreams: { primary: behaviour },
      expect: {
        status: 503,
        received: { primary: 1 },
        attempts: [written('primary', 'reset')],
        result: 'failure',
        notRetried: 'written',
        learned: { primary: [1, 1] },
      },
    }),
  ),
  {
    id: 'R3',
    title: 'where no answer comes in time, it is not sent again',
    to: 'slow',
    upstreams: { slow: hang },
    expect: {
      status: 504,
      received: { slow: 1 },
      attempts: [written('slow', 'response_timeout')],
      result: 'failure',
      notRetried: 'written',
      learned: { slow: [1, 1] },
    },
  },
  {
    id: 'R3',
    title: 'where no answer comes in the time of one attempt, it is not sent again',
    to: 'flaky',
    upstreams: { flaky: hang },
    expect: {
      status: 504,
      received: { flaky: 1 },
      attempts: [written('flaky', 'response_timeout')],
      result: 'failure',
      notRetried: 'written',
      learned: { flaky: [1, 1] },
    },
  },
  {
    id: 'R3',
    title: 'where the answer is not HTTP, it is not sent again',
    to: 'primary',
    upstreams: { primary: garbage },
    expect: {
      status: 502,
      received: { primary: 1 },
      attempts: [written('primary', 'protocol')],
      result: 'failure',
      notRetried: 'written',
      learned: { primary: [1, 1] },
    },
  },
  {
    id: 'R5',
    title: 'an answer that breaks off after its headers is not sent again, and counts against the upstream',
    to: 'primary',
    upstreams: { primary: cut(10, 100) },
    expect: {
      status: 200,
      body: 'x'.repeat(10),
      complete: false,
      received: { primary: 1 },
      attempts: [{ cluster: 'primary', stage: 'body', outcome: 'failure', status: 200, error: 'interrupted' }],
      result: 'failure',
      notRetried: 'written',
      learned: { primary: [2, 1] },
    },
  },
];

const notOurs: readonly Row[] = [
  {
    id: 'R8',
    title: 'no host: not retried, nobody is penalised',
    to: 'empty',
    expect: {
      status: 503,
      received: {},
      attempts: [local('empty', 'no_healthy_host')],
      result: 'failure',
      notRetried: 'local',
      learned: {},
    },
  },
  {
    id: 'R8',
    title: 'a name that does not resolve is a cluster without hosts',
    to: 'nameless',
    expect: {
      status: 503,
      received: {},
      attempts: [local('nameless', 'no_healthy_host')],
      result: 'failure',
      notRetried: 'local',
      learned: {},
    },
  },
  {
    id: 'R8',
    title: 'no such cluster: not retried, nobody is penalised',
    to: 'missing',
    expect: {
      status: 503,
      received: {},
      attempts: [],
      result: 'failure',
      notRetried: 'local',
      learned: {},
    },
  },
  {
    id: 'R8',
    title: 'no route: not retried, nobody is penalised',
    to: 'nowhere',
    expect: {
      status: 404,
      received: {},
      attempts: [],
      decision: 'unmanaged',
      result: 'failure',
      notRetried: 'local',
      learned: {},
    },
  },
  {
    id: 'R8',
    title: 'refused by a local authorisation filter: not retried, nobody is penalised',
    to: 'primary',
    request: { headers: { 'x-denied': 'yes' } },
    expect: {
      status: 403,
      received: {},
      attempts: [],
      result: 'failure',
      notRetried: 'local',
      learned: {},
    },
  },
];

const answeredRows: readonly Row[] = [
  ...[400, 404, 409, 429, 500, 502, 503, 504].map(
    (status): Row => ({
      id: 'R9',
      title: `an answer of ${status} is not sent again, and passes untouched`,
      to: 'primary',
      upstreams: { primary: respond(status, { body: `upstream says ${status}` }) },
      expect: {
        status,
        body: `upstream says ${status}`,
        received: { primary: 1 },
        attempts: [answered('primary', status)],
        result: answered('primary', status).outcome === 'failure' ? 'failure' : 'success',
        notRetried: answered('primary', status).outcome === 'failure' ? 'not_retriable' : null,
        learned: { primary: [1, answered('primary', status).outcome === 'failure' ? 1 : 0] },
      },
    }),
  ),
  {
    id: 'R10',
    title: 'with maxRetries 0 a refused connection is one attempt, though the route itself would retry',
    to: 'off',
    expect: {
      status: 503,
      received: {},
      attempts: [refused('off')],
      result: 'failure',
      notRetried: 'retries_off',
      learned: { off: [1, 1] },
      envoy: { 'cluster.off.upstream_cx_connect_fail': 1, 'cluster.off.upstream_rq_retry': 0 },
    },
  },
];

export const familyR: readonly Row[] = [...neverWritten, ...perhapsWritten, ...notOurs, ...answeredRows];
