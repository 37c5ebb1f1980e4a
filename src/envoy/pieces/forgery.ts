// What a client sends in the names that Sluice and the router trust is gone before anything reads it: also while Sluice is
// away, so that failing open does not mean retries at the client's choice.

import { HEADER, RETRY_CONTROL } from '../../handlers/names.js';
import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { configOf, TYPE, typed } from '../look/types.js';
import type { World } from '../look/world.js';

const FIELD = 'early_header_mutation_extensions';
const NAMES = [HEADER.id, HEADER.cluster, ...RETRY_CONTROL];

export function* forgeryNeeds(world: World): Generator<Need> {
  for (const { message } of world.managers) {
    const removed = new Set(message.messages(FIELD).flatMap(removedBy));
    const left = NAMES.filter((name) => !removed.has(name));
    if (left.length > 0) yield need(world, message, left);
  }
}

function removedBy(extension: Message): string[] {
  const mutations = configOf(extension, TYPE.earlyHeaderMutation)?.messages('mutations') ?? [];
  return mutations.map((mutation) => mutation.text('remove').toLowerCase());
}

function need(world: World, manager: Message, left: readonly string[]): Need {
  return {
    code: 'forgery.early',
    level: 'error',
    path: manager.at(FIELD),
    wrong: `does not remove ${left.join(', ')} from what clients send`,
    causes:
      "a client can end another request's history, choose its own retries while Sluice is away, or its own cluster",
    fix: 'remove them by an early HeaderMutation, as in envoy.yaml',
    mend: () => {
      const mutations = left.map((remove) => ({ remove }));
      const found = manager.messages(FIELD).find((each) => each.text('name') === 'sluice.no_forgery');
      const ours = found === undefined ? null : configOf(found, TYPE.earlyHeaderMutation);
      if (ours !== null) {
        ours.ensureList('mutations').push(...mutations);
        return;
      }
      const extension = { name: 'sluice.no_forgery', typed_config: typed(TYPE.earlyHeaderMutation, { mutations }) };
      world.comments.set(extension, 'Sluice: what a client sends in these names is gone before anything reads it.');
      manager.ensureList(FIELD).push(extension);
    },
  };
}
