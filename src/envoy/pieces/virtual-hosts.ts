// What a virtual host has to say for gate, judge and trace to work, and for nothing of theirs to reach a client.

import { HEADER } from '../../handlers/names.js';
import { brief, countOf, isTrue } from '../look/fields.js';
import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { CLUSTER_HEADER, type Host } from '../look/routes.js';
import type { World } from '../look/world.js';

/** What Envoy keeps of a body for a retry. */
const BODY_BYTES = 65_536;

export function* virtualHostNeeds(world: World): Generator<Need> {
  for (const host of world.hosts) {
    yield* attemptCount(host.message);
    yield* bodies(host.message);
    yield* removal(host, 'response_headers_to_remove', HEADER.retry, {
      code: 'host.retry_mark',
      causes: "the judge's mark on an answer that was not retried after all reaches the client",
    });
    if (!host.routes.some((route) => route.kind === 'steered')) continue;
    yield* removal(host, 'request_headers_to_remove', CLUSTER_HEADER, {
      code: 'host.cluster_header',
      causes: 'upstreams are told which cluster Sluice chose',
    });
  }
}

function* attemptCount(host: Message): Generator<Need> {
  const value = host.get('include_request_attempt_count');
  if (isTrue(value) === null) return;
  yield {
    code: 'host.attempt_count',
    level: 'error',
    path: host.at('include_request_attempt_count'),
    wrong: value === undefined ? 'is missing' : `is ${brief(value)}`,
    causes: 'gate, judge and trace take every attempt for the first: no gate, and one attempt per history',
    fix: 'set it to true',
    mend: () => host.set('include_request_attempt_count', true),
    told: value !== undefined,
  };
}

function* bodies(host: Message): Generator<Need> {
  const name = ['request_body_buffer_limit', 'per_request_buffer_limit_bytes'].find(
    (each) => host.get(each) !== undefined,
  );
  const value = name === undefined ? undefined : host.get(name);
  if (value !== undefined && countOf(value) !== 0) return;
  yield {
    code: 'host.body_limit',
    level: value === undefined ? 'note' : 'error',
    path: host.at(name ?? 'request_body_buffer_limit'),
    wrong: value === undefined ? 'is missing' : 'is 0',
    causes:
      value === undefined
        ? 'what Envoy keeps of a body for a retry is what the listener happens to buffer, 1 MiB by default'
        : 'a request with a body loses its retry with the first piece of it, though nothing was sent',
    fix: `set it to ${BODY_BYTES}`,
    mend: () => host.set(name ?? 'request_body_buffer_limit', BODY_BYTES),
    told: value !== undefined,
  };
}

function* removal(
  { message, config }: Host,
  field: string,
  header: string,
  { code, causes }: Pick<Need, 'code' | 'causes'>,
): Generator<Need> {
  if ([message, config].some((each) => lists(each, field, header))) return;
  yield {
    code,
    level: 'warning',
    path: message.at(field),
    wrong: `lacks ${header}`,
    causes,
    fix: `add ${header}`,
    mend: () => void message.ensureList(field).push(header),
  };
}

function lists(message: Message, field: string, header: string): boolean {
  const names = message.get(field);
  return Array.isArray(names) && names.some((name) => String(name).toLowerCase() === header);
}
