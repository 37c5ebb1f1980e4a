// The hard guard underneath Sluice's own retry budget, for the day that the policy is wrong. Without it Envoy allows three
// retries in flight per cluster and gives up the others in silence.

import type { Need } from '../look/need.js';
import { policiesAt, type World } from '../look/world.js';

/** At most half of the requests in flight are retries, save for the first fifty. */
const RETRY_BUDGET = { budget_percent: { value: 50 }, min_retry_concurrency: 50 };

export function* guardNeeds(world: World): Generator<Need> {
  for (const [name, cluster] of world.managed) {
    const policies = policiesAt(world, name);
    if (policies.length > 0 && policies.every(({ retry }) => retry.mode !== 'enforce')) continue;
    const list = cluster.message('circuit_breakers')?.messages('thresholds') ?? [];
    const own = list.find((each) => ['', 'DEFAULT'].includes(each.text('priority')));
    // Somebody's own limit is a guard as well.
    if (own?.get('retry_budget') !== undefined || own?.get('max_retries') !== undefined) continue;
    yield {
      code: 'cluster.retry_budget',
      level: 'warning',
      path: own?.path ?? cluster.at('circuit_breakers'),
      wrong: 'sets neither retry_budget nor max_retries',
      causes: 'Envoy allows three retries in flight on this cluster, and gives up the others in silence',
      fix: 'add a retry_budget, as in envoy.yaml',
      mend: () => {
        if (own !== undefined) own.set('retry_budget', structuredClone(RETRY_BUDGET));
        else {
          const thresholds = cluster.ensure('circuit_breakers').ensureList('thresholds');
          thresholds.push({ retry_budget: structuredClone(RETRY_BUDGET) });
        }
      },
    };
  }
}
