// Admission: the processor in the connection manager. It stands right before the router, so that requests which other
// filters deny are never counted, and no filter changes the route once Sluice has decided on it.

import type { JsonObject } from '../document/json.js';
import { unmet } from '../look/fields.js';
import type { Manager } from '../look/managers.js';
import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { isOurProcessor, processorOf } from '../look/ours.js';
import { typeOf } from '../look/types.js';
import type { World } from '../look/world.js';
import { newProcessor, processorRules } from './processor.js';

const NAME = 'sluice.admission';

/** They decide who may come in at all. By the package of their configuration, so that a name of one's own hides none. */
const GUARDS = [
  'jwt_authn',
  'ext_authz',
  'rbac',
  'basic_auth',
  'api_key_auth',
  'oauth2',
  'ratelimit',
  'local_ratelimit',
];

export function* admissionNeeds(world: World): Generator<Need> {
  for (const manager of world.managers) {
    const { router } = manager;
    if (router === null) yield noRouter(manager);
    else yield* ofManager(world, manager, router);
  }
}

function noRouter({ message }: Manager): Need {
  return {
    code: 'admission.no_router',
    level: 'note',
    path: message.at('http_filters'),
    wrong: 'has no router that is written out here',
    causes: 'there is nothing to put Sluice in front of',
    fix: 'if the router comes from elsewhere, wire it there',
  };
}

function* ofManager(world: World, manager: Manager, router: Message): Generator<Need> {
  const [ours, ...more] = manager.filters.filter((filter) => isOurProcessor(filter, world.sluice));
  if (ours === undefined) {
    yield missing(world, manager, router);
    return;
  }
  for (const { path } of more) yield twice(path);
  yield* order(manager, router, ours);
  if (ours.get('disabled') === true) yield disabled(ours);
  const processor = processorOf(ours);
  if (processor !== null) yield* unmet(processor, processorRules(world, 'admission', null));
}

function missing(world: World, manager: Manager, router: Message): Need {
  return {
    code: 'admission.missing',
    level: 'error',
    path: manager.message.at('http_filters'),
    wrong: 'lacks the admission filter',
    causes: 'Sluice never hears of a request: no circuit, no retry, no history',
    fix: 'add the ext_proc filter of Sluice right before the router',
    mend: () => {
      const filter = { name: NAME, typed_config: newProcessor(world, 'admission', null) };
      world.comments.set(
        filter,
        'Sluice: asked once per request, before its cluster is used, and at the final answer.',
      );
      insertBefore(manager, filter, router.value);
    },
  };
}

function twice(path: Need['path']): Need {
  return {
    code: 'admission.twice',
    level: 'error',
    path,
    wrong: 'is a second admission filter',
    causes: 'every request is decided on and counted twice',
    fix: 'remove it',
  };
}

function disabled(ours: Message): Need {
  return {
    code: 'admission.disabled',
    level: 'note',
    path: ours.at('disabled'),
    wrong: 'is true',
    causes: 'Sluice is asked only about requests of routes whose typed_per_filter_config enables it',
    fix: 'remove it, unless that is meant',
  };
}

function* order(manager: Manager, router: Message, ours: Message): Generator<Need> {
  const place = (filter: Message) => manager.filters.indexOf(filter);
  const move = () => {
    const list = manager.message.ensureList('http_filters');
    list.splice(list.indexOf(ours.value), 1);
    insertBefore(manager, ours.value, router.value);
  };
  if (place(ours) > place(router)) {
    const causes = 'the router ends the chain, so that Sluice is never asked';
    const fix = 'move it right before the router';
    yield {
      code: 'admission.order',
      level: 'error',
      path: ours.path,
      wrong: 'stands after the router',
      causes,
      fix,
      mend: move,
    };
    return;
  }
  const guards = manager.filters.slice(place(ours) + 1).filter(isGuard);
  if (guards.length === 0) return;
  yield {
    code: 'admission.before_guards',
    level: 'warning',
    path: ours.path,
    wrong: `stands before ${guards.map((filter) => filter.text('name')).join(', ')}`,
    causes: 'requests that are denied there take probes of a circuit, and strangers learn its state',
    fix: 'move it right before the router',
    mend: move,
  };
}

function isGuard(filter: Message): boolean {
  const type = typeOf(filter.message('typed_config'));
  return GUARDS.some((name) => type.includes(`.http.${name}.`));
}

function insertBefore(manager: Manager, filter: JsonObject, before: JsonObject): void {
  const list = manager.message.ensureList('http_filters');
  list.splice(Math.max(0, list.indexOf(before)), 0, filter);
}
