// Family N through Envoy: an inference pool. `provider` and `flaky` have the judge; `provider` has a fallback.

import { inTurn, respond } from '../../support/behaviour.js';
import { answered, type Row, refused, times } from './row.js';
import { WATCHING } from './run.js';

export const policyN = {
  ceilings: { maxRetries: 10 },
  defaults: {
    circuit: WATCHING,
    retry: {
      maxRetries: 3,
      judge: true,
      statuses: [408, 429, 502, 503],
      nonIdempotent: true,
      backoff: { base: '40ms', max: '1s', jitter: 'none' },
    },
  },
  clusters: { provider: { fallback: ['secondary'] }, secondary: { retry: { judge: false } } },
};

const ask = { method: 'POST', body: '{"prompt":"hello"}' };

export const familyN: readonly Row[] = [
  {
    id: 'N1',
    title: 'refused on every attempt makes four attempts, each of them a connection that Envoy tried',
    to: 'refusing',
    request: ask,
    expect: {
      status: 503,
      received: {},
      attempts: times(4, refused('refusing')),
      result: 'failure',
      notRetried: 'exhausted',
      learned: { refusing: [1, 1] },
      envoy: {
        'cluster.refusing.upstream_cx_connect_fail': 4,
        'cluster.refusing.upstream_rq_retry': 3,
        'cluster.refusing.upstream_rq_retry_limit_exceeded': 1,
      },
    },
  },
  {
    id: 'N3',
    title: 'an opted-in 502 on every attempt is sent four times, and the client gets the last one untouched',
    to: 'flaky',
    upstreams: { flaky: (_request, index) => respond(502, { body: `bad gateway ${index + 1}` }) },
    expect: {
      status: 502,
      body: 'bad gateway 4',
      received: { flaky: 4 },
      attempts: times(4, answered('flaky', 502)),
      result: 'failure',
      notRetried: 'exhausted',
      learned: { flaky: [1, 1] },
    },
  },
  {
    id: 'N4',
    title: 'a 400 is one attempt and no failure',
    to: 'flaky',
    request: ask,
    upstreams: { flaky: respond(400, { body: 'bad request' }) },
    expect: {
      status: 400,
      body: 'bad request',
      received: { flaky: 1 },
      attempts: [answered('flaky', 400)],
      result: 'success',
      learned: { flaky: [1, 0] },
    },
  },
  {
    id: 'N6',
    title: 'a 408 goes to the fallback once and the first cluster is not tried again',
    to: 'provider',
    request: ask,
    upstreams: { provider: respond(408), secondary: respond(200, { body: 'from the fallback' }) },
    expect: {
      status: 200,
      body: 'from the fallback',
      received: { provider: 1, secondary: 1 },
      attempts: [answered('provider', 408), answered('secondary', 200)],
      result: 'success',
      learned: { provider: [1, 0], secondary: [1, 0] },
    },
  },
  {
    id: 'N9',
    title: 'where A answers 503 the answer of fallback B is the one, and the record has both',
    to: 'provider',
    request: ask,
    upstreams: { provider: respond(503), secondary: respond(200, { body: 'from B' }) },
    expect: {
      status: 200,
      body: 'from B',
      received: { provider: 1, secondary: 1 },
      attempts: [answered('provider', 503), answered('secondary', 200)],
      result: 'success',
      learned: { provider: [1, 1], secondary: [1, 0] },
    },
  },
  {
    id: 'N12',
    title: 'an early end reports the attempts made, not those allowed',
    to: 'flaky',
    request: ask,
    upstreams: { flaky: inTurn(respond(503), respond(400)) },
    expect: {
      status: 400,
      received: { flaky: 2 },
      attempts: [answered('flaky', 503), answered('flaky', 400)],
      result: 'success',
      learned: { flaky: [2, 1] },
    },
  },
];
