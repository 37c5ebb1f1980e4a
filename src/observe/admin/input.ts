// What may be asked of the admin server. Anything else is answered with what is allowed: a misspelt filter that was
// ignored would show the wrong requests as if they were the right ones.

import { ANSWER_REASONS, ERROR_KINDS, REFUSAL_REASONS, RESULTS } from '../../core/reasons.js';
import type { RecordsQuery } from '../records.js';
import { Fields, NAME, oneOf, refusal, TEXT, wholeNumber } from './fields.js';

export const FORCED_STATES = ['forced_open', 'disabled', 'auto'] as const;
/** `auto`: released, the circuit decides by itself again. */
export type ForcedState = (typeof FORCED_STATES)[number];

export const MAX_LIMIT = 1200;

const REASONS = [...new Set([...ANSWER_REASONS, ...REFUSAL_REASONS, ...ERROR_KINDS])];

const LIMIT = wholeNumber(1, MAX_LIMIT);
const RESULT = oneOf(RESULTS);
const REASON = oneOf(REASONS);
const STATE = oneOf(FORCED_STATES);

const REQUESTS_ALLOWED = `limit (1 to ${MAX_LIMIT}), cluster (a name), target (a value of its key), result (${RESULTS.join(', ')}), reason (${REASONS.join(', ')})`;
const POLICY_ALLOWED = 'cluster (a name), and with it route (a name) and target (a value of its key)';
const CIRCUIT_ALLOWED = 'target (a value of the key of the cluster)';
const STATE_ALLOWED = `{"state": ${FORCED_STATES.map((state) => `"${state}"`).join(' | ')}}`;

export function readRequestsQuery(query: URLSearchParams): RecordsQuery {
  const fields = new Fields('query', query);
  const limit = fields.optional('limit', LIMIT);
  const cluster = fields.optional('cluster', NAME);
  const target = fields.optional('target', NAME);
  const result = fields.optional('result', RESULT);
  const reason = fields.optional('reason', REASON);
  fields.check(REQUESTS_ALLOWED);
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
export function readPolicyQuery(query: URLSearchParams): PolicyQuery | null {
  const fields = new Fields('query', query);
  const cluster = fields.optional('cluster', NAME);
  const route = fields.optional('route', TEXT);
  const target = fields.optional('target', NAME);
  fields.check(POLICY_ALLOWED);
  if (cluster !== undefined) return { cluster, route, target };
  if (route === undefined && target === undefined) return null;
  throw refusal(`query: ${route === undefined ? 'target' : 'route'} is given without a cluster`, POLICY_ALLOWED);
}

/** Which circuit of the cluster; null: its own. */
export function readCircuitQuery(query: URLSearchParams): string | null {
  const fields = new Fields('query', query);
  const target = fields.optional('target', NAME);
  fields.check(CIRCUIT_ALLOWED);
  return target ?? null;
}

/** `body` is the text as sent: its content type does not matter. */
export function readStateBody(body: string): ForcedState {
  const fields = new Fields('body', Object.entries(mapping(body)));
  const state = fields.optional('state', STATE);
  fields.check(STATE_ALLOWED);
  if (state === undefined) throw refusal(`body.state: give ${STATE.wanted}`, STATE_ALLOWED);
  return state;
}

function mapping(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal('body: not JSON', STATE_ALLOWED);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refusal('body: not a JSON object', STATE_ALLOWED);
}
