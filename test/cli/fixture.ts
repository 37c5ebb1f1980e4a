// Circuits and requests as /events tells them.

import type { LiveCircuit } from '../../src/observe/live/messages.js';
import type { AttemptJson, RequestJson } from '../../src/observe/records/json.js';

export const START = Date.parse('2026-01-02T03:04:05.000Z');

export function iso(ms: number): string {
  return new Date(START + ms).toISOString();
}

export function circuit(cluster: string, changes: Partial<LiveCircuit> = {}): LiveCircuit {
  return {
    cluster,
    target: null,
    state: 'closed',
    mode: 'enforce',
    requests: 4,
    failures: 1,
    failureRatio: 0.25,
    openedAt: null,
    retryAt: null,
    reason: null,
    consecutiveFailures: 0,
    slowRatio: 0,
    budgetRemaining: 9,
    recent: '..x.',
    ...changes,
  };
}

export function attempt(changes: Partial<AttemptJson> = {}): AttemptJson {
  return {
    attempt: 1,
    cluster: 'primary',
    target: null,
    host: '10.0.0.1:80',
    stage: 'response',
    outcome: 'success',
    status: 200,
    error: null,
    message: null,
    durationMs: 12,
    waitMs: 0,
    ...changes,
  };
}

export function refusedAttempt(changes: Partial<AttemptJson> = {}): AttemptJson {
  return attempt({
    stage: 'connect',
    outcome: 'failure',
    status: null,
    error: 'connection_refused',
    message: 'delayed connect error',
    durationMs: 0.5,
    ...changes,
  });
}

export function request(changes: Partial<RequestJson> = {}): RequestJson {
  return {
    id: 'abc123',
    method: 'GET',
    path: '/orders/1',
    route: 'orders',
    cluster: 'primary',
    target: null,
    decision: 'admit',
    reason: null,
    maxRetries: 1,
    attempts: [refusedAttempt(), attempt({ attempt: 2, cluster: 'secondary' })],
    notRetried: null,
    result: 'success',
    status: 200,
    startedAt: iso(0),
    durationMs: 30,
    ...changes,
  };
}
