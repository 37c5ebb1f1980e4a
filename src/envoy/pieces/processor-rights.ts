// What a processor may see and what it may change: both lists drop a header in silence, so each is tried header by header.

import type { Role } from '../../core/reasons.js';
import { isObject, type Json } from '../document/json.js';
import type { FieldRule } from '../look/fields.js';
import { isForwarded, mayChange, onlyMatching, refused } from '../look/header-rules.js';
import { Message } from '../look/message.js';
import type { World } from '../look/world.js';

/** Sluice has no use for them. */
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'];
/** Of a request or an answer that no role of Sluice has any business with, for a look at how wide its rights are. */
const FOREIGN = [':path', 'host', 'authorization', 'x-request-id', 'x-forwarded-for'];

/** What a role reads and changes. */
export interface RoleFacts {
  readonly changes: readonly string[];
  readonly regex: string;
  readonly reads: readonly string[];
  readonly requestAttributes: readonly string[];
  readonly responseAttributes: readonly string[];
}

export function forwardingRules({ policy }: World, role: Role, facts: RoleFacts): FieldRule[] {
  const places = policy === null ? [] : [policy.places.defaults, ...policy.places.clusters.values()];
  const keys = places.flatMap(({ fields }) => {
    const header = fields.get('key.header');
    return typeof header === 'string' ? [header.toLowerCase()] : [];
  });
  const reads = [...facts.reads, ...(role === 'admission' ? keys : [])];
  const want = { disallowed_headers: { patterns: CREDENTIALS.map((exact) => ({ exact })) } };
  return [
    {
      code: `${role}.forward_rules`,
      level: 'error',
      field: ['forward_rules'],
      want,
      wrong: (value) => {
        const kept = refused(isForwarded, value, reads);
        return kept.length === 0 ? null : `keeps ${kept.join(', ')} from Sluice`;
      },
      causes: 'Sluice decides without headers that it needs',
    },
    {
      code: `${role}.credentials`,
      level: 'warning',
      field: ['forward_rules'],
      want,
      wrong: (value) => {
        const sent = CREDENTIALS.filter((name) => isForwarded(value, name) === true);
        return sent.length === 0
          ? null
          : `${value === undefined ? 'is missing: it lets' : 'lets'} ${sent.join(', ')} through`;
      },
      mended: (value) => withoutCredentials(value, CREDENTIALS),
      causes: 'Sluice is sent credentials that it has no use for',
    },
  ];
}

function withoutCredentials(rules: Json | undefined, names: readonly string[]): Json {
  const copy = new Message(isObject(rules) ? structuredClone(rules) : {}, []);
  const patterns = copy.ensure('disallowed_headers').ensureList('patterns');
  for (const exact of names) if (isForwarded(rules, exact) === true) patterns.push({ exact });
  return copy.value;
}

export function mutationRules(role: Role, { changes, regex }: RoleFacts): FieldRule[] {
  const want = onlyMatching(regex);
  return [
    {
      code: `${role}.mutation_rules`,
      level: 'error',
      field: ['mutation_rules'],
      want,
      wrong: (value) => {
        const dropped = refused(mayChange, value, changes);
        return dropped.length === 0
          ? null
          : `${value === undefined ? 'is missing: Envoy drops' : 'drops'} ${dropped.join(', ')}`;
      },
      causes: 'Envoy refuses these headers in silence, save for the counter rejected_header_mutations',
    },
    {
      code: `${role}.mutation_rights`,
      level: 'warning',
      field: ['mutation_rules'],
      want,
      wrong: (value) => {
        const free = FOREIGN.filter((name) => mayChange(value, name) === true);
        return free.length === 0 || refused(mayChange, value, changes).length > 0 ? null : `allows ${free.join(', ')}`;
      },
      causes: 'Sluice has more rights than it needs',
    },
  ];
}
