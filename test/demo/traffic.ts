// The clients of the demo: a steady stream of requests through Envoy for every upstream. Each request has a path of its
// own, so that what the client saw, what Sluice recorded and what reached an upstream can be laid side by side.

import { setMaxListeners } from 'node:events';
import type { Answer } from '../support/client.js';
import { send } from '../support/client.js';
import { POST_EVERY, ROLES, type RoleName } from './cast.js';

export interface ClientAnswer {
  readonly method: string;
  /** 0: the connection ended without an answer. */
  readonly status: number;
  /** `x-sluice-reason`; null on a proxied answer. */
  readonly reason: string | null;
  /** Whole seconds; null where the answer has no such header. */
  readonly retryAfter: number | null;
}

export interface Traffic {
  /** Sends nothing more, and gives up what is on its way. */
  stop(): Promise<void>;
}

type OnAnswer = (path: string, answer: ClientAnswer) => void;

/** `port`: Envoy's listener. */
export function startTraffic(port: number, onAnswer: OnAnswer): Traffic {
  const ended = new AbortController();
  // One listener for each request under way.
  setMaxListeners(0, ended.signal);
  const underWay = new Set<Promise<void>>();
  const request = (name: RoleName, index: number) => {
    const path = `/${name}/${index}`;
    const method = methodOf(name, index);
    const body = method === 'POST' ? { body: 'charge the card' } : {};
    const done = send(port, path, { method, signal: ended.signal, ...body })
      .then(seen(method), () => ({ method, status: 0, reason: null, retryAfter: null }))
      .then((answer) => {
        if (!ended.signal.aborted) onAnswer(path, answer);
      })
      .finally(() => underWay.delete(done));
    underWay.add(done);
  };
  const timers = ROLES.map(({ name, everyMs }) => {
    let index = 0;
    return setInterval(() => request(name, ++index), everyMs);
  });
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      ended.abort();
      await Promise.all(underWay);
    },
  };
}

export function methodOf(name: RoleName, index: number): 'GET' | 'POST' {
  return name === 'flaky' && index % POST_EVERY === 0 ? 'POST' : 'GET';
}

function seen(method: string): (answer: Answer) => ClientAnswer {
  return ({ status, headers }) => ({
    method,
    status,
    reason: typeof headers['x-sluice-reason'] === 'string' ? headers['x-sluice-reason'] : null,
    retryAfter: headers['retry-after'] === undefined ? null : Number(headers['retry-after']),
  });
}
