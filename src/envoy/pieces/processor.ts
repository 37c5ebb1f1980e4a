// The external processing filter in its three roles, field by field: what each is for, and what happens without it.

import type { Role } from '../../core/reasons.js';
import { ATTRIBUTE, HEADER, RETRY_CONTROL } from '../../handlers/names.js';
import { ROLE_KEY } from '../../server/role.js';
import { isObject, type Json, type JsonObject } from '../document/json.js';
import { brief, build, countOf, type FieldRule, isNotTrue, isTrue, oneOf, secondsOf } from '../look/fields.js';
import { Message } from '../look/message.js';
import { hasGroups } from '../look/options.js';
import { roleOf } from '../look/ours.js';
import { NAMESPACE } from '../look/routes.js';
import { TYPE, typed } from '../look/types.js';
import type { World } from '../look/world.js';
import { longestHoldSeconds } from './hold.js';
import { forwardingRules, mutationRules, type RoleFacts } from './processor-rights.js';

/** Sluice answers in less than a millisecond; the rest is room for a machine under load. */
const ANSWER_WITHIN = '0.5s';
const LEAST_SECONDS = 0.1;
const MOST_SECONDS = 2;
const ENVOY_DEFAULT_SECONDS = 0.2;

const ANSWERS = ['x-sluice-reason', HEADER.cluster, 'retry-after', 'content-type'];
const GRANTS = [HEADER.id, ...RETRY_CONTROL];
const RESPONSE = [
  ':status',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'grpc-status',
  'grpc-retry-pushback-ms',
];
const REQUEST = [':method', ':path', 'content-type', 'idempotency-key', 'upgrade'];
const ATTEMPT = [HEADER.id, HEADER.attempt, HEADER.expectedTimeout];

const FACTS: Readonly<Record<Role, RoleFacts>> = {
  admission: {
    changes: [...GRANTS, ...ANSWERS],
    // One expression with every name in full would be too long for Envoy.
    regex:
      'x-sluice-[a-z-]+|x-envoy-(max-retries|(retry|retriable|hedge|upstream-rq)-[a-z-]+)|retry-after|content-type',
    reads: [...REQUEST, ...RESPONSE],
    requestAttributes: [ATTRIBUTE.cluster, ATTRIBUTE.route],
    responseAttributes: [
      ATTRIBUTE.cluster,
      ATTRIBUTE.flags,
      ATTRIBUTE.details,
      ATTRIBUTE.transportFailure,
      ATTRIBUTE.attempts,
      ATTRIBUTE.host,
    ],
  },
  gate: {
    changes: ANSWERS,
    regex: 'x-sluice-[a-z-]+|retry-after|content-type',
    reads: ATTEMPT,
    requestAttributes: [ATTRIBUTE.cluster, ATTRIBUTE.host],
    responseAttributes: [],
  },
  judge: {
    changes: [...ANSWERS, HEADER.retry],
    regex: 'x-sluice-[a-z-]+|retry-after|content-type',
    reads: [...ATTEMPT, ...RESPONSE],
    requestAttributes: [ATTRIBUTE.cluster, ATTRIBUTE.host],
    responseAttributes: [],
  },
};

/** A processor as a `typed_config`. `cluster`: whose attempts it sees; null: those of any. */
export function newProcessor(world: World, role: Role, cluster: string | null): JsonObject {
  return build(processorRules(world, role, cluster), typed(TYPE.processor));
}

export function processorRules(world: World, role: Role, cluster: string | null): FieldRule[] {
  const facts = FACTS[role];
  return [
    ...serviceRules(world, role),
    ...failureRules(role),
    ...(role === 'admission' ? [] : [holdRule(world, role, cluster)]),
    ...modeRules(role),
    ...attributeRules(role, facts),
    ...forwardingRules(world, role, facts),
    ...(role === 'gate' || !hasGroups(world.options) ? [] : [namespaceRule(role)]),
    ...mutationRules(role, facts),
    ...hindranceRules(role),
  ];
}

function serviceRules({ sluice }: World, role: Role): FieldRule[] {
  return [
    {
      code: `${role}.service`,
      level: 'error',
      field: ['grpc_service', 'envoy_grpc', 'cluster_name'],
      want: sluice,
      wrong: oneOf(sluice),
      causes: 'it does not ask Sluice',
    },
    {
      code: `${role}.role`,
      level: 'error',
      field: ['grpc_service', 'initial_metadata'],
      want: [{ key: ROLE_KEY, value: role }],
      wrong: (value) => {
        const found = roleOf(new Message({ grpc_service: { initial_metadata: value ?? [] } }, []));
        if (found === role) return null;
        return found === null ? `has no ${ROLE_KEY}` : `says ${ROLE_KEY} ${brief(found)} where the ${role} is`;
      },
      mended: (value) => [
        ...(Array.isArray(value) ? value : []).filter((each) => !isObject(each) || each.key !== ROLE_KEY),
        { key: ROLE_KEY, value: role },
      ],
      causes: 'Sluice refuses its streams or takes them for others, and Envoy goes on without a decision',
    },
  ];
}

function failureRules(role: Role): FieldRule[] {
  return [
    {
      code: `${role}.fail_open`,
      level: 'error',
      field: ['failure_mode_allow'],
      want: true,
      wrong: (value) => (isTrue(value) === null ? null : `is ${brief(value ?? false)}`),
      causes: 'requests fail with 500 or 504 whenever Sluice is slow, broken or gone',
    },
    {
      code: `${role}.message_timeout`,
      level: 'warning',
      field: ['message_timeout'],
      want: ANSWER_WITHIN,
      wrong: (value) => {
        const seconds = secondsOf(value) ?? ENVOY_DEFAULT_SECONDS;
        if (seconds < LEAST_SECONDS) return `is ${brief(value ?? '')}, less than ${LEAST_SECONDS}s`;
        return seconds > MOST_SECONDS ? `is ${brief(value ?? '')}, more than ${MOST_SECONDS}s` : null;
      },
      causes: 'too short, decisions of a busy machine are lost; too long, a Sluice that hangs holds up every request',
    },
  ];
}

function holdRule(world: World, role: Role, cluster: string | null): FieldRule {
  const seconds = longestHoldSeconds(world, cluster);
  return {
    code: `${role}.max_message_timeout`,
    level: 'error',
    field: ['max_message_timeout'],
    want: `${Math.max(10, seconds)}s`,
    wrong: (value) => {
      const most = secondsOf(value) ?? 0;
      // The gate answers at once; only a judge holds.
      if (role === 'gate' || most >= seconds) return null;
      return `${value === undefined ? 'is missing' : `is ${brief(value)}`}, and the policy may hold for ${seconds}s`;
    },
    causes: 'Envoy does not wait for longer: it goes on without the retry that Sluice was holding back',
  };
}

function modeRules(role: Role): FieldRule[] {
  const responses = role === 'gate' ? 'SKIP' : 'SEND';
  const good: Readonly<Record<string, readonly (Json | undefined)[]>> = {
    request_header_mode: ['SEND', 1, 'DEFAULT', 0, undefined],
    response_header_mode: responses === 'SKIP' ? ['SKIP', 2] : ['SEND', 1, 'DEFAULT', 0, undefined],
    request_body_mode: ['NONE', 0, undefined],
    response_body_mode: ['NONE', 0, undefined],
    request_trailer_mode: ['SKIP', 2, 'DEFAULT', 0, undefined],
    response_trailer_mode: ['SKIP', 2, 'DEFAULT', 0, undefined],
  };
  return Object.entries(good).map(([name, values]) => ({
    code: `${role}.${name}`,
    level: role === 'gate' && name === 'response_header_mode' ? 'warning' : 'error',
    field: ['processing_mode', name],
    want: values[0] ?? null,
    wrong: oneOf(...values),
    causes: causeOfMode(name),
  }));
}

function causeOfMode(name: string): string {
  if (name.endsWith('body_mode'))
    return 'Envoy sends Sluice bodies that it does not want, and waits for an answer to each piece';
  if (name.endsWith('trailer_mode')) return 'Envoy waits for Sluice once more at the end of every request';
  return name.startsWith('request')
    ? 'Sluice never hears of the request'
    : 'Sluice sees the answer when it should not, or never';
}

function attributeRules(role: Role, facts: RoleFacts): FieldRule[] {
  const rule = (field: string, names: readonly string[]): FieldRule => ({
    code: `${role}.${field}`,
    level: 'error',
    field: [field],
    want: [...names],
    wrong: (value) => {
      const missing = names.filter((name) => !Array.isArray(value) || !value.includes(name));
      if (missing.length > 0) return `${value === undefined ? 'is missing: it lacks' : 'lacks'} ${missing.join(', ')}`;
      return Array.isArray(value) && value.includes('xds.node') ? 'has xds.node, which is tens of kilobytes' : null;
    },
    mended: (value) =>
      [...new Set([...(Array.isArray(value) ? value : []), ...names])].filter((each) => each !== 'xds.node'),
    causes: 'Sluice knows neither the cluster nor how the request fared, so it decides nothing or wrongly',
  });
  const requests = rule('request_attributes', facts.requestAttributes);
  return facts.responseAttributes.length === 0
    ? [requests]
    : [requests, rule('response_attributes', facts.responseAttributes)];
}

function namespaceRule(role: Role): FieldRule {
  return {
    code: `${role}.namespace`,
    level: 'error',
    field: ['metadata_options', 'receiving_namespaces', 'untyped'],
    want: [NAMESPACE],
    wrong: (value) => (Array.isArray(value) && value.includes(NAMESPACE) ? null : `lacks ${NAMESPACE}`),
    mended: (value) => [...(Array.isArray(value) ? value : []), NAMESPACE],
    causes: 'Envoy ignores the order of clusters that Sluice answers with, so nothing is rerouted',
  };
}

/** Settings of a processor that are good for others and defeat this one. */
function hindranceRules(role: Role): FieldRule[] {
  const absent = (name: string, causes: string): FieldRule => ({
    code: `${role}.${name}`,
    level: 'error',
    field: [name],
    want: undefined,
    wrong: (value) => (value === undefined ? null : isNotTrue(value)),
    causes,
  });
  const rules = [
    absent('observability_mode', 'Envoy sends and does not wait: no decision of Sluice has any effect'),
    absent('disable_immediate_response', 'Envoy ignores the answers of Sluice: an open circuit stops nothing'),
  ];
  if (role !== 'admission') return rules;
  return [
    ...rules,
    absent('disable_clear_route_cache', 'Envoy keeps the route it has: a steered request goes nowhere else'),
    {
      ...absent('route_cache_action', 'Envoy keeps the route it has: a steered request goes nowhere else'),
      wrong: (value) => (value === 'RETAIN' || countOf(value) === 2 ? `is ${brief(value ?? '')}` : null),
    },
  ];
}
