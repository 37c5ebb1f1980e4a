// The answer that Sluice gives in an upstream's place: a 503 that says who refused, why, and when to come back.

import type { CircuitName } from './circuit/state.js';
import type { AnswerReason } from './reasons.js';
import type { LocalAnswer } from './stream.js';

const UNAVAILABLE = 14;

const EXPLANATION: Readonly<Record<AnswerReason, string>> = {
  circuit_open: 'has failed too often and is given a rest',
  forced_open: 'has been taken out of service by an operator',
  probe_limit: 'is being tried again by a limited number of requests',
  retry_budget: 'has had as many retries as its budget allows',
  deadline: 'cannot be tried again in the time that is left',
};

/** `retryInMs`: until it is worth asking again; told in whole seconds, rounded up, at least 1. */
export function localAnswer(
  { cluster, target }: CircuitName,
  reason: AnswerReason,
  retryInMs: number,
  grpc: boolean,
): LocalAnswer {
  const retryAfter = Math.max(1, Math.ceil(retryInMs / 1000));
  const detail = `${target === null ? 'Upstream' : 'This target of upstream'} cluster ${cluster} ${EXPLANATION[reason]}.`;
  return {
    status: 503,
    headers: [
      ...(grpc ? [] : [['content-type', 'application/problem+json'] as const]),
      ['retry-after', String(retryAfter)],
      ['x-sluice-reason', reason],
      ['x-sluice-cluster', cluster],
    ],
    // A gRPC client gets the body as its status message.
    body: grpc ? detail : problem({ cluster, target }, reason, retryAfter, detail),
    details: `sluice_${reason}`,
    grpcStatus: grpc ? UNAVAILABLE : null,
  };
}

/** RFC 9457. */
function problem({ cluster, target }: CircuitName, reason: AnswerReason, retryAfter: number, detail: string): string {
  const where = target === null ? { cluster } : { cluster, target };
  const body = { type: 'about:blank', title: 'Service Unavailable', status: 503, detail, reason, ...where, retryAfter };
  return `${JSON.stringify(body)}\n`;
}
