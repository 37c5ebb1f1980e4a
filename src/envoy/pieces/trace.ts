// The trace: a log entry for each attempt, by the router, and for each request, by the connection manager. It is the evidence
// of how far an attempt got.

import { HEADER } from '../../handlers/names.js';
import { equal, isObject, type Json, type JsonObject } from '../document/json.js';
import { brief, build, type FieldRule, oneOf, secondsOf, unmet } from '../look/fields.js';
import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { traceOf } from '../look/ours.js';
import { configOf, TYPE, typed } from '../look/types.js';
import type { World } from '../look/world.js';

const NAME = 'sluice';
const FLUSH = '0.05s';
const MOST_FLUSH_SECONDS = 0.25;
/** Envoy's own. */
const DEFAULT_FLUSH_SECONDS = 1;

/** Entries carry neither by themselves. */
const TAGS: Readonly<Record<string, string>> = { attempt: HEADER.attempt, sluice_id: HEADER.id };

interface Log {
  readonly owner: Message;
  readonly field: 'access_log' | 'upstream_log';
  readonly code: string;
  readonly causes: string;
  readonly comment: string;
}

export function* traceNeeds(world: World): Generator<Need> {
  for (const { message, router } of world.managers) {
    const owner = router === null ? null : configOf(router, TYPE.router);
    yield* ofLog(world, {
      owner: message,
      field: 'access_log',
      code: 'trace.requests',
      causes: 'Sluice learns of requests that a client left, or that Envoy answered itself, late or never',
      comment: 'Sluice: one entry per request, when it is over.',
    });
    if (owner === null) continue;
    yield* ofLog(world, {
      owner,
      field: 'upstream_log',
      code: 'trace.attempts',
      causes: 'Sluice does not learn how far an attempt got: no history, and circuits that see half of the failures',
      comment: 'Sluice: one entry per attempt: its host, how far it got, and what ended it.',
    });
  }
}

function* ofLog(world: World, log: Log): Generator<Need> {
  const { owner, field } = log;
  const entry = owner.messages(field).find((each) => traceOf(each, world.sluice) !== null);
  const trace = entry === undefined ? null : traceOf(entry, world.sluice);
  if (entry === undefined || trace === null) {
    yield missing(world, log);
    return;
  }
  yield* unmet(trace, traceRules(world));
  const filter = entry.get('filter');
  if (filter !== undefined && !isOfAdmitted(filter)) yield filtered(entry);
}

function missing(world: World, { owner, field, code, causes, comment }: Log): Need {
  return {
    code,
    level: 'error',
    path: owner.at(field),
    wrong: 'lacks the gRPC access log to Sluice',
    causes,
    fix: 'add an HttpGrpcAccessLogConfig to the cluster of Sluice, with the tags attempt and sluice_id',
    mend: () => {
      const log = { name: NAME, typed_config: newTrace(world) };
      world.comments.set(log, comment);
      owner.ensureList(field).push(log);
    },
  };
}

/** Of a request that was never admitted Sluice expects nothing. */
function isOfAdmitted(filter: Json): boolean {
  return equal(filter, { header_filter: { header: { name: HEADER.id, present_match: true } } });
}

function filtered(entry: Message): Need {
  return {
    code: 'trace.filter',
    level: 'warning',
    path: entry.at('filter'),
    wrong: 'keeps entries from Sluice',
    causes: 'what it never hears the end of is held until it is given up as unknown',
    fix: 'remove it, unless that is meant',
  };
}

function newTrace(world: World): JsonObject {
  return build(traceRules(world), typed(TYPE.accessLog));
}

function traceRules({ sluice }: World): FieldRule[] {
  const common = (rule: Omit<FieldRule, 'field'> & { readonly name: string }): FieldRule => {
    const { name, ...rest } = rule;
    return { ...rest, field: ['common_config', name] };
  };
  return [
    common({
      name: 'log_name',
      code: 'trace.name',
      level: 'note',
      want: NAME,
      wrong: (value) => (typeof value === 'string' && value !== '' ? null : 'is missing'),
      causes: 'Envoy does not load a log without a name',
    }),
    common({
      name: 'transport_api_version',
      code: 'trace.version',
      level: 'error',
      want: 'V3',
      wrong: oneOf('V3', 2),
      causes: 'Envoy does not speak the version that Sluice does',
    }),
    {
      code: 'trace.service',
      level: 'error',
      field: ['common_config', 'grpc_service', 'envoy_grpc', 'cluster_name'],
      want: sluice,
      wrong: oneOf(sluice),
      causes: 'the log goes to somebody else',
    },
    common({ name: 'buffer_flush_interval', ...FLUSH_RULE }),
    common({ name: 'custom_tags', ...TAGS_RULE }),
    statusRule('additional_response_trailers_to_log'),
    statusRule('additional_response_headers_to_log'),
  ];
}

const FLUSH_RULE: Omit<FieldRule, 'field'> = {
  code: 'trace.flush',
  level: 'warning',
  want: FLUSH,
  wrong: (value) => {
    if ((secondsOf(value) ?? DEFAULT_FLUSH_SECONDS) <= MOST_FLUSH_SECONDS) return null;
    return value === undefined ? `is missing, and Envoy's own is ${DEFAULT_FLUSH_SECONDS}s` : `is ${brief(value)}`;
  },
  causes: 'evidence is only as fresh as this: circuits open late, and budgets hear of retries late',
};

const TAGS_RULE: Omit<FieldRule, 'field'> = {
  code: 'trace.tags',
  level: 'error',
  want: Object.entries(TAGS).map(([tag, name]) => ({ tag, request_header: { name } })),
  wrong: (value) => {
    const missing = missingTags(value);
    return missing.length === 0 ? null : `lacks ${missing.join(', ')}`;
  },
  mended: (value) => {
    const missing = missingTags(value);
    const kept = (Array.isArray(value) ? value : []).filter(
      (each) => !isObject(each) || !missing.includes(String(each.tag)),
    );
    return [...kept, ...missing.map((tag) => ({ tag, request_header: { name: TAGS[tag] ?? tag } }))];
  },
  causes: 'Sluice cannot tell whose attempt an entry is about, and drops it',
};

function missingTags(value: Json | undefined): string[] {
  const tags = Array.isArray(value) ? value.filter(isObject) : [];
  return Object.entries(TAGS).flatMap(([tag, header]) => {
    const found = tags.some((each) => {
      const source = each.request_header ?? each.requestHeader;
      return each.tag === tag && isObject(source) && String(source.name).toLowerCase() === header;
    });
    return found ? [] : [tag];
  });
}

function statusRule(field: string): FieldRule {
  const has = (value: Json | undefined) => Array.isArray(value) && value.includes('grpc-status');
  return {
    code: `trace.${field}`,
    level: 'error',
    field: [field],
    want: ['grpc-status'],
    wrong: (value) => (has(value) ? null : 'lacks grpc-status'),
    mended: (value) => [...(Array.isArray(value) ? value : []), 'grpc-status'],
    causes: 'a gRPC call that failed in its trailers, or without a body, counts as a success',
  };
}
