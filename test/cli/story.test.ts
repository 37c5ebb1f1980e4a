import { describe, expect, it } from 'vitest';
import { story, wrap } from '../../src/cli/story.js';
import { DECISIONS, ERROR_KINDS, REFUSAL_REASONS, RESULTS, STAGES } from '../../src/core/reasons.js';
import { attempt, refusedAttempt, request } from './fixture.js';

describe('the story of a request', () => {
  it('that was saved by a retry is told from the decision to the end', () => {
    expect(story(request())).toEqual([
      'Request abc123: GET /orders/1, at 2026-01-02T03:04:05.000Z.',
      'It was routed to primary by the route orders, whose circuit admitted it (admit). At most 1 retry was granted.',
      'Attempt 1 went to primary (10.0.0.1:80). How far it got: no connection: refused, timed out, name not resolved (connect) after 500 us. What ended it: nobody listens there (connection_refused). Envoy said: "delayed connect error". It counts as a failure of the upstream.',
      'It was tried again: nothing of the request had been written, so it could not be done twice. Sluice did not hold it back.',
      'Attempt 2 went to secondary (10.0.0.1:80). How far it got: response headers came (response), status 200 after 12 ms. It was good.',
      'The client was sent status 200 after 30 ms: the last attempt was good (success).',
    ]);
  });

  it('that was answered by Sluice says why, and that nothing was sent', () => {
    const told = story(
      request({
        decision: 'short_circuit',
        reason: 'circuit_open',
        attempts: [],
        result: 'short_circuited',
        status: 503,
      }),
    );
    expect(told[1]).toBe(
      'It was routed to primary by the route orders, and no candidate admitted it (short_circuit): the circuit is open (circuit_open). It was sent nowhere.',
    );
    expect(told).toHaveLength(3);
  });

  it('that was rerouted says where to', () => {
    const told = story(
      request({ decision: 'reroute', attempts: [attempt({ cluster: 'b', target: 't' })], maxRetries: 3 }),
    );
    expect(told[1]).toContain('did not admit it, and sent to b / t (reroute). At most 3 retries were granted.');
  });

  it('that was not retried says why not', () => {
    const told = story(
      request({
        method: 'POST',
        attempts: [refusedAttempt({ stage: 'request_sent', error: 'reset' })],
        notRetried: 'not_idempotent',
        result: 'failure',
        status: 503,
        maxRetries: 0,
      }),
    );
    expect(told[1]).toContain('No retry was granted.');
    expect(told.at(-2)).toBe(
      'There was no further attempt: it may have been written, and may not be repeated (not_idempotent).',
    );
  });

  it('whose retry the gate refused says who answered', () => {
    const told = story(
      request({
        attempts: [refusedAttempt()],
        reason: 'retry_budget',
        notRetried: 'retry_budget',
        result: 'refused',
        status: 503,
      }),
    );
    expect(told.at(-1)).toMatch(
      /\(refused\)\. Sluice answered: the gate stopped a retry: the budget is spent \(retry_budget\)\.$/,
    );
  });

  it('says how long an attempt was held back, and by what right it was made', () => {
    const because = (stage: 'response' | 'request_sent' | 'tls' | 'body', status: number | null) =>
      story(request({ attempts: [refusedAttempt({ stage, status }), attempt({ attempt: 2, waitMs: 1500 })] }))[3];
    expect(because('response', 503)).toBe(
      'It was tried again: the policy names status 503, and the request may be repeated. Sluice held it back for 1.5 s.',
    );
    expect(because('request_sent', null)).toContain('it may have been written, and the policy allows to repeat it');
    expect(because('tls', null)).toContain('nothing of the request had been written');
    expect(because('body', 200)).toContain('which Sluice did not ask to');
  });

  it('that is not over says so, and one without evidence does not invent any', () => {
    expect(story(request({ result: 'pending', status: null, durationMs: null, attempts: [] })).at(-1)).toBe(
      'It is not over yet (pending).',
    );
    const bare = attempt({
      cluster: '',
      host: null,
      stage: 'unknown',
      outcome: 'ignored',
      status: null,
      durationMs: null,
    });
    const told = story(
      request({
        attempts: [bare],
        result: 'cancelled',
        status: null,
        durationMs: null,
        cluster: '',
        decision: 'unmanaged',
      }),
    );
    expect(told.slice(1)).toEqual([
      'Envoy named no cluster for it, so Sluice left it alone (unmanaged).',
      'Attempt 1 went nowhere. How far it got: evidence missing or contradictory: treated as written (unknown). It says nothing about the upstream.',
      'The client was sent no status: the client went away before an answer (cancelled).',
    ]);
  });

  it('has words for everything that can happen', () => {
    const tellable = [
      ...DECISIONS.map((decision) => request({ decision })),
      ...RESULTS.map((result) => request({ result })),
      ...REFUSAL_REASONS.map((notRetried) => request({ notRetried })),
      ...STAGES.map((stage) => request({ attempts: [refusedAttempt({ stage }), attempt({ attempt: 2 })] })),
      ...ERROR_KINDS.map((error) => request({ attempts: [refusedAttempt({ error })] })),
    ];
    for (const each of tellable) expect(story(each).join(' ')).not.toMatch(/undefined|null|\[object|`| {2}|\.\./);
  });
});

describe('wrapping', () => {
  it('breaks at spaces and indents what follows', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', '  three', '  four']);
  });

  it('keeps a word that is longer than a line', () => {
    expect(wrap('a verylongword b', 6)).toEqual(['a', '  verylongword', '  b']);
  });

  it('loses nothing', () => {
    const text = story(request()).join(' ');
    expect(
      wrap(text, 40)
        .map((line) => line.trim())
        .join(' '),
    ).toBe(text);
  });
});
