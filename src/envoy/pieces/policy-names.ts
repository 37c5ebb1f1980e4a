// Names in the policy that fit nothing in the bootstrap: a slip in one of the two, or a policy that serves several Envoys.

import { isGlob } from '../../policy/match.js';
import { nearest } from '../../policy/suggest.js';
import type { Need } from '../look/need.js';
import type { World } from '../look/world.js';

export function* policyNameNeeds(world: World): Generator<Need> {
  const { policy } = world;
  if (policy === null) return;
  const routes = world.routes.map(({ name }) => name).filter((name) => name !== '');
  if (!world.moreClusters) yield* unknown('clusters', policy.places.clusters.keys(), [...world.clusters.keys()]);
  if (!world.moreRoutes) yield* unknown('routes', policy.places.routes.keys(), routes);
}

function* unknown(section: 'clusters' | 'routes', names: Iterable<string>, known: readonly string[]): Generator<Need> {
  for (const name of names) {
    if (isGlob(name) || known.includes(name)) continue;
    const meant = nearest(name, known);
    yield {
      code: `policy.unknown_${section}`,
      level: 'note',
      path: ['static_resources'],
      wrong: `has nothing for the policy's ${section}.${name}`,
      causes: 'that part of the policy applies to nothing here',
      fix:
        meant === null
          ? 'correct one of the two, unless the policy serves other Envoys too'
          : `did the policy mean ${meant}?`,
    };
  }
}
