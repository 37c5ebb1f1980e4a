// The filters of an attempt: gate or judge, the strip of the judge's mark, and the codec that sends. In this order, so that
// on the way back an upstream's own mark is gone before the judge may set one. They stand in the router, for clusters that
// bring no filters, and in each cluster that does.

import type { Role } from '../../core/reasons.js';
import { HEADER } from '../../handlers/names.js';
import type { Json, JsonObject } from '../document/json.js';
import { equal, isObject } from '../document/json.js';
import { unmet } from '../look/fields.js';
import { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { isOurProcessor, processorOf, roleOf } from '../look/ours.js';
import { configOf, TYPE, typed } from '../look/types.js';
import type { World } from '../look/world.js';
import { newProcessor, processorRules } from './processor.js';

export interface FilterList {
  /** What the list belongs to: a Router, or HttpProtocolOptions. */
  readonly owner: Message;
  readonly field: 'upstream_http_filters' | 'http_filters';
  readonly role: Extract<Role, 'gate' | 'judge'>;
  /** null: of any that brings no filters. */
  readonly cluster: string | null;
}

/** The list as it is where nothing was before. */
export function newFilters(world: World, { role, cluster }: Pick<FilterList, 'role' | 'cluster'>): JsonObject[] {
  return [newFilter(world, role, cluster), newStrip(world), newCodec()];
}

export function* filterNeeds(world: World, list: FilterList): Generator<Need> {
  const filters = list.owner.messages(list.field);
  const codec = filters.find((filter) => configOf(filter, TYPE.codec) !== null);
  if (codec === undefined) yield noCodec(list);
  const ours = filters.find((filter) => isOurProcessor(filter, world.sluice));
  const strip = filters.find(strips);
  if (ours === undefined) yield noProcessor(world, list, filters);
  else yield* ofProcessor(world, list, ours);
  if (strip === undefined) yield noStrip(world, list);
  yield* order(list, filters, ours, strip, codec);
}

const CAUSES = {
  gate: 'retries are sent though their circuit, budget or time has run out meanwhile',
  judge: 'no answer of this cluster is retried, though the policy leaves them to the judge',
};

function noProcessor(world: World, list: FilterList, filters: readonly Message[]): Need {
  const { role, owner, field, cluster } = list;
  return {
    code: `${role}.missing`,
    level: 'error',
    path: owner.at(field),
    wrong: `lacks the ${role}`,
    causes: CAUSES[role],
    fix: `add the ext_proc filter of Sluice with the role ${role}`,
    mend: () => insert(list, newFilter(world, role, cluster), filters.find(strips)?.value),
  };
}

function* ofProcessor(world: World, list: FilterList, filter: Message): Generator<Need> {
  const { role, cluster } = list;
  const processor = processorOf(filter);
  if (processor === null) return;
  const matcher = configOf(filter, TYPE.matched);
  if (role === 'gate' && roleOf(processor) === 'judge') {
    yield unusedJudge(processor);
    yield* unmet(processor, processorRules(world, 'judge', cluster));
    return;
  }
  if (role === 'judge' && (matcher !== null || roleOf(processor) === 'gate')) {
    yield gateForJudge(world, list, filter);
    return;
  }
  if (role === 'gate' && !skipsFirst(matcher)) yield noMatcher(filter, processor);
  yield* unmet(processor, processorRules(world, role, cluster));
}

function unusedJudge(processor: Message): Need {
  return {
    code: 'judge.unused',
    level: 'note',
    path: processor.path,
    wrong: 'is a judge, and the policy does not say `judge: true` for this cluster',
    causes: 'every attempt pays for it, and it retries nothing',
    fix: 'set retry.judge in the policy, or take the judge away',
  };
}

function gateForJudge(world: World, { owner, field, cluster }: FilterList, filter: Message): Need {
  return {
    code: 'judge.missing',
    level: 'error',
    path: filter.path,
    wrong: 'is a gate, or one that skips attempts, where the judge should be',
    causes: CAUSES.judge,
    fix: 'put the judge, which is its own gate, in its place',
    mend: () => {
      const filters = owner.ensureList(field);
      filters.splice(filters.indexOf(filter.value), 1, newFilter(world, 'judge', cluster));
    },
  };
}

function noMatcher(filter: Message, processor: Message): Need {
  return {
    code: 'gate.matcher',
    level: 'warning',
    path: filter.path,
    wrong: 'does not skip first attempts by a matcher',
    causes: 'every healthy request pays for the gate, which has something to say to retries only',
    fix: 'put an ExtensionWithMatcher around it that skips it where x-envoy-attempt-count is 1',
    mend: () => filter.set('typed_config', matched(processor.value)),
  };
}

function noStrip(world: World, list: FilterList): Need {
  return {
    code: 'strip.missing',
    level: 'error',
    path: list.owner.at(list.field),
    wrong: `does not remove ${HEADER.retry} from the answers of upstreams`,
    causes: 'an upstream that sends it has its own answers retried',
    fix: `add a HeaderMutation with response_mutations: [{ remove: ${HEADER.retry} }], right before the codec`,
    mend: () => insert(list, newStrip(world), undefined),
  };
}

function noCodec(list: FilterList): Need {
  return {
    code: 'filters.codec',
    level: 'error',
    path: list.owner.at(list.field),
    wrong: 'does not end with the upstream codec',
    causes: 'Envoy does not load it: the codec is what sends the attempt',
    fix: 'add envoy.filters.http.upstream_codec at the end',
    mend: () => void list.owner.ensureList(list.field).push(newCodec()),
  };
}

function* order(
  { owner, field }: FilterList,
  filters: readonly Message[],
  ours: Message | undefined,
  strip: Message | undefined,
  codec: Message | undefined,
): Generator<Need> {
  const known = [ours, strip, codec].flatMap((filter) => (filter === undefined ? [] : [filter]));
  const places = known.map((filter) => filters.indexOf(filter));
  const sorted = places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0));
  const last = codec === undefined || filters.at(-1) === codec;
  if (sorted && last) return;
  yield {
    code: 'filters.order',
    level: 'error',
    path: owner.at(field),
    wrong: last ? `removes ${HEADER.retry} after Sluice has set it` : 'has filters after the codec',
    causes: last ? 'the judge asks for retries and the router never hears of it' : 'Envoy does not load it',
    fix: 'put them in this order: the filter of Sluice, the one that removes the mark, the codec',
    mend: () => {
      const list = owner.ensureList(field);
      const moved = known.map((filter) => filter.value);
      const others = list.filter((item) => !moved.some((each) => each === item));
      list.splice(0, list.length, ...others, ...moved);
    },
  };
}

/** Before `before`, else before the strip's own place: the codec, else at the end. */
function insert({ owner, field }: FilterList, filter: JsonObject, before: JsonObject | undefined): void {
  const list = owner.ensureList(field);
  const place = list.findIndex((item) => item === before || isCodec(item));
  list.splice(place < 0 ? list.length : place, 0, filter);
}

function isCodec(item: Json): boolean {
  return isObject(item) && configOf(new Message(item, []), TYPE.codec) !== null;
}

function strips(filter: Message): boolean {
  const mutations = configOf(filter, TYPE.headerMutation)?.message('mutations')?.messages('response_mutations') ?? [];
  return mutations.some((mutation) => mutation.text('remove').toLowerCase() === HEADER.retry);
}

function newFilter(world: World, role: FilterList['role'], cluster: string | null): JsonObject {
  const processor = newProcessor(world, role, cluster);
  const filter = { name: `sluice.${role}`, typed_config: role === 'gate' ? matched(processor) : processor };
  const words = {
    gate: 'Sluice: asked before a retry is sent. First attempts pass by.',
    judge: 'Sluice: asked about every attempt and its answer, before the router decides on a retry.',
  };
  world.comments.set(filter, words[role]);
  return filter;
}

function newStrip(world: World): JsonObject {
  const mutations = { response_mutations: [{ remove: HEADER.retry }] };
  const filter = { name: 'sluice.strip_retry_mark', typed_config: typed(TYPE.headerMutation, { mutations }) };
  world.comments.set(filter, "The judge's word to the router: an upstream that sends it gets no retry by it.");
  return filter;
}

function newCodec(): JsonObject {
  return { name: 'envoy.filters.http.upstream_codec', typed_config: typed(TYPE.codec) };
}

function matched(processor: JsonObject): JsonObject {
  const extension = { name: 'envoy.filters.http.ext_proc', typed_config: processor };
  return typed(TYPE.matched, { extension_config: extension, xds_matcher: structuredClone(SKIP_FIRST) });
}

const SKIP_FIRST: JsonObject = {
  matcher_tree: {
    input: { name: 'attempt', typed_config: typed(TYPE.headerInput, { header_name: HEADER.attempt }) },
    exact_match_map: { map: { '1': { action: { name: 'skip', typed_config: typed(TYPE.skip) } } } },
  },
};

function skipsFirst(matcher: Message | null): boolean {
  const tree = (matcher?.message('xds_matcher') ?? matcher?.message('matcher'))?.message('matcher_tree') ?? null;
  const input = tree?.find(['input', 'typed_config', 'header_name']);
  const action = tree?.find(['exact_match_map', 'map', '1', 'action', 'typed_config']);
  return input === HEADER.attempt && equal(action, typed(TYPE.skip));
}
