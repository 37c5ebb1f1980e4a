// The retry policy of a route. What is retried is for Sluice to say, request by request: Envoy adds what the route says to
// that, so where the policy enforces, a route says nothing of it. What stays is how Envoy retries.

import { type ClusterPolicy, UNWRITTEN_CONDITIONS } from '../../core/policy.js';
import { HEADER } from '../../handlers/names.js';
import { equal, isObject, type Json, type JsonObject } from '../document/json.js';
import { brief, secondsOf } from '../look/fields.js';
import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { hasGroups } from '../look/options.js';
import type { Route } from '../look/routes.js';
import { TYPE, typed } from '../look/types.js';
import { clustersOf, isJudged, policiesOf, type World } from '../look/world.js';

const MARK: JsonObject = { name: HEADER.retry, present_match: true };
/** Envoy's own, where a route says nothing. */
const DEFAULT_BASE_SECONDS = 0.025;
/** A judge does the waiting, to the millisecond: Envoy adds next to nothing. */
const JUDGED_BACK_OFF: JsonObject = { base_interval: '0.005s', max_interval: '0.01s' };

/** Conditions under which nothing of a request was written. */
const UNWRITTEN: ReadonlySet<string> = new Set(UNWRITTEN_CONDITIONS);

export function* retryPolicyNeeds(world: World): Generator<Need> {
  for (const route of world.routes) {
    const policies = policiesOf(world, route);
    if (policies.length === 0) continue;
    if (policies.every(({ retry }) => retry.mode === 'enforce')) yield* ofRoute(world, route, policies);
    else yield* notEnforced(route);
  }
}

function* ofRoute(world: World, route: Route, policies: readonly ClusterPolicy[]): Generator<Need> {
  const { action } = route;
  const retries = action.message('retry_policy');
  const wanted = backOff(world, route, policies);
  if (retries === null) {
    yield none(world, route, wanted);
    return;
  }
  yield* ownRetries(retries);
  yield* otherHost(world, route, retries);
  yield* wait(retries, wanted);
  if (isAnyJudged(world, route, policies)) yield* mark(retries);
  yield* nativeWait(world, route, retries);
  yield* hedging(action);
}

/** In a route that is shadowed, Envoy retries as it always did. */
function* notEnforced({ action }: Route): Generator<Need> {
  const on = action.message('retry_policy')?.text('retry_on') ?? '';
  if (on === '') return;
  yield {
    code: 'route.not_enforced',
    level: 'note',
    path: action.at('retry_policy', 'retry_on'),
    wrong: `is ${brief(on)}, and stays while the policy's retry.mode is not enforce`,
    causes: 'once the mode is enforce, Envoy would retry this beside what Sluice grants',
    fix: 'run `sluice envoy` again when you switch the mode',
  };
}

function none(world: World, route: Route, wanted: JsonObject): Need {
  const { action, host } = route;
  const inherited = host.message('retry_policy');
  return {
    code: 'route.retry_policy',
    level: isEnvoysOwn(wanted) && inherited === null ? 'note' : 'warning',
    path: action.at('retry_policy'),
    wrong: inherited === null ? 'is missing' : "is missing, and the virtual host's is in force",
    causes: 'Envoy waits between failed connections as it likes, and tries the same host again',
    fix: 'add it, as in envoy.yaml',
    mend: () =>
      action.set('retry_policy', inherited === null ? fresh(world, route, wanted) : structuredClone(inherited.value)),
  };
}

function fresh(world: World, route: Route, wanted: JsonObject): JsonObject {
  return {
    num_retries: 0,
    ...(route.kind === 'groups' && hasGroups(world.options) ? { refresh_cluster_on_retry: true } : {}),
    ...(isComposite(world, route) ? {} : OTHER_HOST()),
    retry_back_off: structuredClone(wanted),
    ...(isAnyJudged(world, route, policiesOf(world, route)) ? { retriable_headers: [{ ...MARK }] } : {}),
  };
}

const OTHER_HOST = (): JsonObject => ({
  retry_host_predicate: [
    { name: 'envoy.retry_host_predicates.previous_hosts', typed_config: typed(TYPE.previousHosts) },
  ],
  host_selection_retry_max_attempts: 5,
});

/** The attempts of a composite go to other clusters as it is. */
function isComposite(world: World, route: Route): boolean {
  return clustersOf(world, route).some((name) => world.clusters.get(name)?.message('cluster_type') != null);
}

function* ownRetries(retries: Message): Generator<Need> {
  const found = ['retry_on', 'retriable_status_codes'].filter((name) => {
    const value = retries.get(name);
    return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
  });
  if (found.length === 0) return;
  const shown = found.map((name) => `${name}: ${brief(retries.get(name) ?? null)}`);
  if (isUnwrittenOnly(retries)) {
    yield {
      code: 'route.own_retries',
      level: 'note',
      path: retries.path,
      wrong: `retries by itself (${shown.join(', ')})`,
      causes:
        'it is what is retried while Sluice is away; nothing of it was written, and no policy can take it out of a grant',
      fix: 'leave it, or remove it and say in the policy what is to be retried',
    };
    return;
  }
  yield {
    code: 'route.own_retries',
    level: 'error',
    path: retries.path,
    wrong: `retries by itself (${shown.join(', ')})`,
    causes: 'Envoy adds this to what Sluice grants: requests that may not be repeated are repeated',
    fix: `remove ${found.join(' and ')}, and say in the policy what is to be retried`,
    mend: () => {
      for (const name of found) retries.remove(name);
      retries.set('num_retries', 0);
    },
    told: true,
  };
}

/** What the policy calls safe for every request; the router's list may have spaces. */
function isUnwrittenOnly(retries: Message): boolean {
  if (retries.get('retriable_status_codes') !== undefined) return false;
  const words = (retries.text('retry_on') ?? '').split(',').map((word) => word.trim());
  return words.every((word) => UNWRITTEN.has(word));
}

function* otherHost(world: World, route: Route, retries: Message): Generator<Need> {
  if (retries.get('retry_host_predicate') !== undefined || isComposite(world, route)) return;
  yield {
    code: 'route.other_host',
    level: 'note',
    path: retries.at('retry_host_predicate'),
    wrong: 'is missing',
    causes: 'a retry may go to the very host that failed',
    fix: 'add envoy.retry_host_predicates.previous_hosts',
    mend: () => {
      for (const [name, value] of Object.entries(OTHER_HOST()))
        if (retries.get(name) === undefined) retries.set(name, value);
    },
  };
}

function backOff(world: World, route: Route, policies: readonly ClusterPolicy[]): JsonObject {
  if (clustersOf(world, route).some((cluster) => isJudged(world, cluster))) return JUDGED_BACK_OFF;
  const longest = (pick: (policy: ClusterPolicy) => number) => Math.max(...policies.map(pick));
  const base = longest(({ retry }) => retry.backoff.baseMs);
  return { base_interval: duration(base), max_interval: duration(longest(({ retry }) => retry.backoff.maxMs)) };
}

function duration(ms: number): string {
  return `${ms / 1000}s`;
}

function* wait(retries: Message, wanted: JsonObject): Generator<Need> {
  const found = retries.message('retry_back_off');
  if (found === null ? isEnvoysOwn(wanted) : equal(secondsIn(found.value), secondsIn(wanted))) {
    if (found === null) yield backOffNeed(retries, wanted, 'note', 'is missing');
    return;
  }
  yield backOffNeed(retries, wanted, 'warning', found === null ? 'is missing' : `is ${brief(found.value)}`);
}

function backOffNeed(retries: Message, wanted: JsonObject, level: Need['level'], wrong: string): Need {
  return {
    code: 'route.back_off',
    level,
    path: retries.at('retry_back_off'),
    wrong,
    causes: "the wait after a failed connection is Envoy's own, and is not what the policy says",
    fix: `set it to ${JSON.stringify(wanted)}`,
    mend: () => retries.set('retry_back_off', structuredClone(wanted)),
    told: retries.get('retry_back_off') !== undefined,
  };
}

function isEnvoysOwn(wanted: JsonObject): boolean {
  return equal(secondsIn({ base_interval: duration(DEFAULT_BASE_SECONDS * 1000) }), secondsIn(wanted));
}

/** Envoy's longest is ten times the base unless told. */
function secondsIn(value: JsonObject): Json {
  const base = secondsOf(value.base_interval ?? value.baseInterval) ?? DEFAULT_BASE_SECONDS;
  return [round(base), round(secondsOf(value.max_interval ?? value.maxInterval) ?? base * 10)];
}

function round(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

/** A route's own cluster, or one that its requests may be sent to. */
function isAnyJudged(world: World, route: Route, policies: readonly ClusterPolicy[]): boolean {
  const all = [...clustersOf(world, route), ...policies.flatMap(({ fallback }) => fallback)];
  return all.some((cluster) => isJudged(world, cluster));
}

function* mark(retries: Message): Generator<Need> {
  const value = retries.get('retriable_headers');
  const list = Array.isArray(value) ? value : [];
  const isOurs = (each: Json) => isObject(each) && String(each.name).toLowerCase() === HEADER.retry;
  const others = list.filter((each) => !isOurs(each));
  if (others.length === 0 && list.length > 0) return;
  yield {
    code: 'route.retriable_headers',
    level: others.length > 0 ? 'error' : 'warning',
    path: retries.at('retriable_headers'),
    wrong: others.length > 0 ? `names others than ${HEADER.retry}` : `lacks ${HEADER.retry}`,
    causes:
      others.length > 0
        ? 'Envoy retries answers with these headers beside those that the judge wants retried'
        : 'that the judge is heard hangs on a header of each request alone',
    fix: `set it to ${JSON.stringify([MARK])}`,
    mend: () => retries.set('retriable_headers', [{ ...MARK }]),
    told: others.length > 0,
  };
}

function* nativeWait(world: World, route: Route, retries: Message): Generator<Need> {
  if (retries.get('rate_limited_retry_back_off') === undefined) return;
  if (!clustersOf(world, route).some((cluster) => isJudged(world, cluster))) return;
  yield {
    code: 'route.double_wait',
    level: 'warning',
    path: retries.at('rate_limited_retry_back_off'),
    wrong: 'is set on a route with a judge',
    causes: 'the judge waits as the upstream asks, and then Envoy does so once more',
    fix: 'remove it',
    mend: () => retries.remove('rate_limited_retry_back_off'),
    told: true,
  };
}

function* hedging(action: Message): Generator<Need> {
  if (action.message('hedge_policy')?.get('hedge_on_per_try_timeout') !== true) return;
  yield {
    code: 'route.hedging',
    level: 'warning',
    path: action.at('hedge_policy'),
    wrong: 'sends a second attempt while the first is under way',
    causes: 'requests that may not be repeated are repeated, and histories show attempts that overlap',
    fix: 'remove hedge_on_per_try_timeout',
  };
}
