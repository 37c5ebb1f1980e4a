// The judge: in the clusters for which the policy says so. A cluster's own filters take the place of the router's, so a cluster
// that has some for another reason needs the gate among them.

import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { canJudge } from '../look/options.js';
import { processorOf, roleOf } from '../look/ours.js';
import { TYPE } from '../look/types.js';
import { isJudged, policiesAt, type World } from '../look/world.js';
import { filterNeeds, newFilters } from './attempt-filters.js';
import { ensureProtocol, protocolOf } from './protocol.js';

const FIELD = 'http_filters';

export function* judgeNeeds(world: World): Generator<Need> {
  for (const [name, cluster] of world.managed) {
    const owner = protocolOf(cluster);
    const filters = owner?.messages(FIELD) ?? [];
    const present = filters.some((filter) => isJudge(filter));
    if (present && !canJudge(world.options)) yield fatal(cluster, world);
    if (!canJudge(world.options) && wantsJudge(world, name)) yield unavailable(cluster);
    const judged = isJudged(world, name) || (world.policy === null && present);
    if (owner !== null && filters.length > 0) {
      yield* filterNeeds(world, { owner, field: FIELD, role: judged ? 'judge' : 'gate', cluster: name });
    } else if (judged) yield missing(world, name, cluster);
  }
}

function isJudge(filter: Message): boolean {
  const processor = processorOf(filter);
  return processor !== null && roleOf(processor) === 'judge';
}

function wantsJudge(world: World, name: string): boolean {
  return policiesAt(world, name).some(({ retry }) => retry.judge);
}

function missing(world: World, name: string, cluster: Message): Need {
  return {
    code: 'judge.missing',
    level: 'error',
    path: cluster.path,
    wrong: 'lacks the judge, and the policy says `judge: true` for it',
    causes: 'no answer of this cluster is retried, as the policy leaves them to the judge',
    fix: `add http_filters to its ${TYPE.protocol}: judge, strip and codec, as in envoy.yaml`,
    mend: () => ensureProtocol(cluster).set(FIELD, newFilters(world, { role: 'judge', cluster: name })),
  };
}

function unavailable(cluster: Message): Need {
  return {
    code: 'judge.unavailable',
    level: 'error',
    path: cluster.path,
    wrong: 'is to be judged by the policy, which this version of Envoy does not survive',
    causes: 'no answer of this cluster is retried, as the policy leaves them to the judge',
    fix: 'set retry.judge: false for it in the policy, or use Envoy 1.37 or newer (see --envoy-version)',
  };
}

function fatal(cluster: Message, { options }: World): Need {
  return {
    code: 'judge.fatal',
    level: 'error',
    path: cluster.path,
    wrong: `has the judge, on Envoy 1.${options.envoyMinor}`,
    causes: 'Envoy 1.36 ends with a segmentation fault when a judged answer with a body is retried',
    fix: 'take the judge away, or use Envoy 1.37 or newer (see --envoy-version)',
  };
}
