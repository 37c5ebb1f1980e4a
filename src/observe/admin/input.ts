// What may be asked of the admin server. Anything else is answered with what is allowed: a misspelt filter that was
// ignored would show the wrong requests as if they were the right ones.

import { z } from 'zod';
import { ANSWER_REASONS, ERROR_KINDS, REFUSAL_REASONS, RESULTS } from '../../core/reasons.js';
import { printable } from '../printable.js';
import type { RecordsQuery } from '../records.js';
import { HttpError } from './errors.js';

export const FORCED_STATES = ['forced_open', 'disabled', 'auto'] as const;
/** `auto`: released, the circuit decides by itself again. */
export type ForcedState = (typeof FORCED_STATES)[number];

export const MAX_LIMIT = 1200;
const MAX_MESSAGE_LENGTH = 2000;

const REASONS = [...new Set([...ANSWER_REASONS, ...REFUSAL_REASONS, ...ERROR_KINDS])];

const name = z.string().min(1);
const requestsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).optional(),
  cluster: name.optional(),
  target: name.optional(),
  result: z.enum(RESULTS).optional(),
  reason: z.enum(REASONS).optional(),
});
const policyQuery = z.strictObject({
  cluster: name.optional(),
  route: z.string().optional(),
  target: name.optional(),
});
const circuitQuery = z.strictObject({ target: name.optional() });
const stateBody = z.strictObject({ state: z.enum(FORCED_STATES) });

const REQUESTS_ALLOWED = `limit (1 to ${MAX_LIMIT}), cluster (a name), target (a value of its key), result (${RESULTS.join(', ')}), reason (${REASONS.join(', ')})`;
const POLICY_ALLOWED = 'cluster (a name), and with it route (a name) and target (a value of its key)';
const CIRCUIT_ALLOWED = 'target (a value of the key of the cluster)';
const STATE_ALLOWED = `{"state": ${FORCED_STATES.map((state) => `"${state}"`).join(' | ')}}`;

export function readRequestsQuery(query: unknown): RecordsQuery {
  const { limit, cluster, target, result, reason } = parsed(requestsQuery, query, 'query', REQUESTS_ALLOWED);
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(target === undefined ? {} : { target }),
    ...(result === undefined ? {} : { result }),
    ...(reason === undefined ? {} : { reason }),
  };
}

interface PolicyQuery {
  readonly cluster: string;
  readonly route: string | undefined;
  readonly target: string | undefined;
}

/** null: the whole policy was asked for. */
export function readPolicyQuery(query: unknown): PolicyQuery | null {
  const { cluster, route, target } = parsed(policyQuery, query, 'query', POLICY_ALLOWED);
  if (cluster !== undefined) return { cluster, route, target };
  if (route === undefined && target === undefined) return null;
  const given = route === undefined ? 'target' : 'route';
  throw new HttpError(400, `query: ${given} is given without a cluster. Allowed: ${POLICY_ALLOWED}`);
}

/** Which circuit of the cluster; null: its own. */
export function readCircuitQuery(query: unknown): string | null {
  return parsed(circuitQuery, query, 'query', CIRCUIT_ALLOWED).target ?? null;
}

/** `body` is the text as sent: its content type does not matter. */
export function readStateBody(body: unknown): ForcedState {
  return parsed(stateBody, json(body), 'body', STATE_ALLOWED).state;
}

function json(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    throw new HttpError(400, `body: not JSON. Allowed: ${STATE_ALLOWED}`);
  }
}

function parsed<T>(schema: z.ZodType<T>, input: unknown, place: string, allowed: string): T {
  const outcome = schema.safeParse(input);
  if (outcome.success) return outcome.data;
  const problems = outcome.error.issues.map((issue) => [place, ...issue.path].join('.').concat(`: ${issue.message}`));
  throw new HttpError(400, printable(`${problems.join('; ')}. Allowed: ${allowed}`, MAX_MESSAGE_LENGTH));
}
