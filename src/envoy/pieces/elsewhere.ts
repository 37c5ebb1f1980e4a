// What comes from a control plane is not in the file: it can be neither looked at nor changed here.

import type { Manager } from '../look/managers.js';
import type { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import type { World } from '../look/world.js';

export function* elsewhereNeeds(world: World): Generator<Need> {
  const dynamic = world.root.message('dynamic_resources');
  if (dynamic !== null) yield* resources(dynamic);
  for (const manager of world.managers) yield* ofManager(manager);
  for (const { routeConfigs } of world.managers) {
    for (const config of routeConfigs) {
      if (config.get('vhds') === undefined) continue;
      yield unseen(config.at('vhds'), 'brings virtual hosts that are not in this file', 'they are not wired');
    }
  }
  for (const { message } of world.hosts) {
    if (message.get('matcher') !== undefined) {
      yield unseen(
        message.at('matcher'),
        'routes by a matcher tree',
        'its routes get no retry policy of the policy and no fallback',
      );
    }
  }
}

function* resources(dynamic: Message): Generator<Need> {
  if (dynamic.get('lds_config') !== undefined) {
    yield unseen(
      dynamic.at('lds_config'),
      'brings listeners that are not in this file',
      'their requests pass without Sluice',
    );
  }
  if (dynamic.get('cds_config') !== undefined) {
    yield unseen(
      dynamic.at('cds_config'),
      'brings clusters that are not in this file',
      'they get no judge and no retry budget, and whether a fallback exists cannot be told',
    );
  }
}

function* ofManager({ message }: Manager): Generator<Need> {
  if (message.get('rds') !== undefined) {
    yield unseen(
      message.at('rds'),
      'brings routes that are not in this file',
      'they need include_request_attempt_count, response_headers_to_remove and, for a fallback, priority groups',
    );
  }
  const scoped = message.message('scoped_routes');
  if (scoped?.get('scoped_rds') !== undefined) {
    yield unseen(scoped.at('scoped_rds'), 'brings routes that are not in this file', 'they are not wired');
  }
}

function unseen(path: Need['path'], wrong: string, causes: string): Need {
  return { code: 'elsewhere.unseen', level: 'note', path, wrong, causes, fix: 'wire it where it comes from' };
}
