// The checks of single requests: saved, refused, rerouted, answered by Sluice. Where a rule must hold of every request
// (a POST is never sent twice), it is asked of every one; where something only has to be shown, one will do.

import type { RequestView } from '../support/views.js';
import type { Check, Evidence } from './checks.js';
import type { ClientAnswer } from './traffic.js';

export const requestChecks: readonly Check[] = [
  {
    what: 'a retry on another host saved a request whose connection was refused',
    proof: (evidence) =>
      counted(evidence, 'sluice_retries_total', { cluster: 'pool', result: 'saved', reason: 'connection_refused' }) &&
      shownBy(evidence, (request, answer) => {
        const [first, second] = request.attempts;
        return (
          request.cluster === 'pool' &&
          answer.status === 200 &&
          request.attempts.length === 2 &&
          first?.error === 'connection_refused' &&
          second?.outcome === 'success' &&
          first.host !== second.host &&
          evidence.received('pool', request.path) === 1
        );
      }),
  },
  {
    what: 'a retry on the fallback saved a request while primary was dying',
    proof: (evidence) =>
      counted(evidence, 'sluice_retries_total', { cluster: 'secondary', result: 'saved' }) &&
      shownBy(evidence, (request, answer) => {
        const [first, second] = request.attempts;
        return (
          request.cluster === 'primary' &&
          request.decision === 'admit' &&
          answer.status === 200 &&
          first?.cluster === 'primary' &&
          first.outcome === 'failure' &&
          second?.cluster === 'secondary' &&
          second.outcome === 'success' &&
          evidence.received('primary', request.path) === 0 &&
          evidence.received('secondary', request.path) === 1
        );
      }),
  },
  {
    what: 'the judge had a 503 retried, and the client got the 200',
    proof: (evidence) =>
      counted(evidence, 'sluice_retries_total', { cluster: 'flaky', result: 'saved', reason: 'status' }) &&
      shownBy(evidence, (request, answer) => {
        const [first, second] = request.attempts;
        return (
          request.cluster === 'flaky' &&
          answer.status === 200 &&
          first?.status === 503 &&
          second?.status === 200 &&
          evidence.received('flaky', request.path) === 2
        );
      }),
  },
  {
    what: 'a POST that was written and then reset was not retried, and said why',
    proof: (evidence) =>
      counted(evidence, 'sluice_retries_total', { cluster: 'flaky', result: 'refused', reason: 'written' }) &&
      shownBy(
        evidence,
        (request, answer) =>
          request.method === 'POST' &&
          answer.status === 503 &&
          answer.reason === null &&
          request.notRetried === 'written' &&
          request.attempts.length === 1 &&
          request.attempts[0]?.stage === 'request_sent' &&
          request.attempts[0].error === 'reset' &&
          evidence.received('flaky', request.path) === 1,
      ),
  },
  {
    what: 'no POST reached its upstream twice',
    proof: ({ answers, received }) => {
      const posts = [...answers].filter(([, { method }]) => method === 'POST').map(([path]) => path);
      const twice = posts.filter((path) => received('flaky', path) > 1);
      return posts.length > 0 && twice.length === 0 ? `none of ${posts.length}` : null;
    },
  },
  {
    what: 'while the circuit of primary was open, its requests were sent to secondary and not to primary',
    proof: (evidence) =>
      counted(evidence, 'sluice_reroutes_total', { from: 'primary', to: 'secondary' }) &&
      shownBy(
        evidence,
        (request, answer) =>
          request.cluster === 'primary' &&
          request.decision === 'reroute' &&
          answer.status === 200 &&
          evidence.received('primary', request.path) === 0 &&
          evidence.received('secondary', request.path) === 1,
      ),
  },
  {
    what: 'an open circuit without a fallback answered 503 at once, with its reason and Retry-After',
    proof: (evidence) =>
      counted(evidence, 'sluice_short_circuits_total', { cluster: 'refusing', reason: 'circuit_open' }) &&
      shownBy(
        evidence,
        (request, answer) =>
          request.cluster === 'refusing' &&
          request.decision === 'short_circuit' &&
          request.attempts.length === 0 &&
          answer.status === 503 &&
          answer.reason === 'circuit_open' &&
          (answer.retryAfter ?? 0) >= 1,
      ),
  },
  {
    what: 'no request to the healthy upstream failed',
    proof: ({ answers }) => {
      const all = [...answers].filter(([path]) => path.startsWith('/secondary/'));
      const good = all.filter(([, { status }]) => status === 200);
      return all.length > 0 && good.length === all.length ? `${all.length} answered 200` : null;
    },
  },
];

/** Truthy where the counter is above 0: a record without its metric, or the other way round, is no proof. */
function counted(evidence: Evidence, name: string, labels: Readonly<Record<string, string>>): true | null {
  return evidence.metrics.metric(name, labels) > 0 ? true : null;
}

/** Names the first request of which it holds; only those count that the client has seen the end of. */
function shownBy(
  { requests, answers }: Evidence,
  holds: (request: RequestView, answer: ClientAnswer) => boolean,
): string | null {
  const found = requests.find((request) => {
    const answer = answers.get(request.path);
    return answer !== undefined && answer.method === request.method && holds(request, answer);
  });
  return found === undefined ? null : `${found.method} ${found.path}`;
}
