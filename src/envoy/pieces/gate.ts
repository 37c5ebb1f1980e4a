// The gate: in each router, for all clusters that bring no filters of their own.

import type { Need } from '../look/need.js';
import { configOf, TYPE } from '../look/types.js';
import type { World } from '../look/world.js';
import { type FilterList, filterNeeds, newFilters } from './attempt-filters.js';

const FIELD = 'upstream_http_filters';

export function* gateNeeds(world: World): Generator<Need> {
  for (const { router } of world.managers) {
    const owner = router === null ? null : configOf(router, TYPE.router);
    if (owner === null) continue;
    const list: FilterList = { owner, field: FIELD, role: 'gate', cluster: null };
    if (owner.messages(FIELD).length > 0) yield* filterNeeds(world, list);
    else yield none(world, list);
    yield* timeLeft(owner);
  }
}

function none(world: World, list: FilterList): Need {
  return {
    code: 'gate.missing',
    level: 'error',
    path: list.owner.at(FIELD),
    wrong: 'is missing: it lacks the gate, and the filter that removes x-sluice-retry from the answers of upstreams',
    causes: 'retries are sent though their circuit, budget or time has run out meanwhile',
    fix: 'add gate, strip and codec, as in envoy.yaml',
    mend: () => list.owner.set(FIELD, newFilters(world, list)),
  };
}

function* timeLeft(router: NonNullable<ReturnType<typeof configOf>>): Generator<Need> {
  if (router.get('suppress_envoy_headers') !== true) return;
  yield {
    code: 'gate.time_left',
    level: 'warning',
    path: router.at('suppress_envoy_headers'),
    wrong: 'is true',
    causes: 'Sluice is not told how much time a request has left, and starts retries that no time is left for',
    fix: 'remove it',
  };
}
