// The cluster of Sluice itself: HTTP/2 to a sidecar, with room for a stream per request in flight and two per attempt.

import { isIP } from 'node:net';
import { type Address, formatAddress } from '../../server/address.js';
import { equal, isObject, type Json, type JsonObject } from '../document/json.js';
import { brief, countOf } from '../look/fields.js';
import { Message } from '../look/message.js';
import type { Need } from '../look/need.js';
import { DEFAULT_ADDRESS } from '../look/options.js';
import { TYPE, typed } from '../look/types.js';
import type { World } from '../look/world.js';
import { ensureProtocol, speaksHttp2 } from './protocol.js';

const LIMITS = { max_connections: 65_536, max_pending_requests: 65_536, max_requests: 65_536, max_retries: 65_536 };
/** Envoy's default of 1,024 is for upstreams, not for a sidecar that holds a stream per request. */
const LEAST = 16_384;

export function* sluiceClusterNeeds(world: World): Generator<Need> {
  const cluster = world.clusters.get(world.sluice);
  if (cluster === undefined) {
    yield missing(world);
    return;
  }
  yield* protocol(cluster);
  yield* limits(cluster);
  yield* address(world, cluster);
}

function missing(world: World): Need {
  return {
    code: 'sluice.missing',
    level: 'error',
    path: ['static_resources', 'clusters'],
    wrong: `has no cluster ${world.sluice}`,
    causes: 'Envoy does not know where Sluice is',
    fix: 'add it, as in envoy.yaml',
    mend: () => {
      const cluster = newCluster(world.sluice, world.options.address ?? DEFAULT_ADDRESS);
      world.comments.set(
        cluster,
        'Sluice itself. A stream is open for each request in flight, and two for each attempt.',
      );
      world.root.ensure('static_resources').ensureList('clusters').push(cluster);
    },
  };
}

function newCluster(name: string, where: Address): JsonObject {
  return {
    name,
    type: typeFor(where),
    connect_timeout: '0.3s',
    circuit_breakers: { thresholds: [{ ...LIMITS }] },
    typed_extension_protocol_options: {
      [TYPE.protocol]: typed(TYPE.protocol, { explicit_http_config: { http2_protocol_options: {} } }),
    },
    load_assignment: assignment(name, where),
  };
}

/** A host name has to be looked up. */
function typeFor(where: Address): string {
  return where.kind === 'unix' || isIP(where.host) !== 0 ? 'STATIC' : 'STRICT_DNS';
}

function assignment(name: string, where: Address): JsonObject {
  return { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: addressOf(where) } }] }] };
}

function addressOf(where: Address): JsonObject {
  if (where.kind === 'unix') return { pipe: { path: where.path } };
  return { socket_address: { address: where.host, port_value: where.port } };
}

function* protocol(cluster: Message): Generator<Need> {
  if (speaksHttp2(cluster)) return;
  yield {
    code: 'sluice.http2',
    level: 'error',
    path: cluster.path,
    wrong: 'does not speak HTTP/2',
    causes: 'gRPC needs it: every stream to Sluice fails',
    fix: 'set explicit_http_config: { http2_protocol_options: {} }',
    mend: () => {
      const options = ensureProtocol(cluster);
      for (const other of ['use_downstream_protocol_config', 'auto_config']) options.remove(other);
      options.set('explicit_http_config', { http2_protocol_options: {} });
    },
    told: true,
  };
}

function* limits(cluster: Message): Generator<Need> {
  const list = cluster.message('circuit_breakers')?.messages('thresholds') ?? [];
  const own = list.find((each) => ['', 'DEFAULT'].includes(each.text('priority')));
  const low = ['max_requests', 'max_pending_requests'].filter((name) => (countOf(own?.get(name)) ?? 1024) < LEAST);
  if (low.length === 0) return;
  yield {
    code: 'sluice.limits',
    level: 'error',
    path: own?.path ?? cluster.at('circuit_breakers'),
    wrong: `allows fewer than ${LEAST} at a time: ${low.map((name) => `${name} ${brief(own?.get(name) ?? '1024, by default')}`).join(', ')}`,
    causes: 'past that number of streams Envoy refuses them, and requests pass undecided',
    fix: `set ${low.join(' and ')} to ${LIMITS.max_requests}`,
    mend: () => {
      const thresholds = cluster.ensure('circuit_breakers').ensureList('thresholds');
      if (own === undefined) thresholds.push({ ...LIMITS });
      else for (const name of low) own.set(name, LIMITS.max_requests);
    },
    told: own !== undefined,
  };
}

/** Only where the caller says where Sluice is. */
function* address(world: World, cluster: Message): Generator<Need> {
  const wanted = world.options.address;
  if (wanted === null) return;
  const found = addressesIn(cluster.get('load_assignment') ?? null);
  if (found.length === 1 && isSame(found[0], wanted)) return;
  yield {
    code: 'sluice.address',
    level: 'error',
    path: cluster.at('load_assignment'),
    wrong: `does not lead to ${formatAddress(wanted)}`,
    causes: 'Envoy asks somebody else, or nobody',
    fix: `set it to ${formatAddress(wanted)}`,
    mend: () => {
      cluster.set('type', typeFor(wanted));
      cluster.set('load_assignment', assignment(world.sluice, wanted));
    },
    told: true,
  };
}

function isSame(found: JsonObject | undefined, wanted: Address): boolean {
  const address = new Message(found ?? {}, []);
  if (wanted.kind === 'unix') return equal(address.message('pipe')?.get('path'), wanted.path);
  const socket = address.message('socket_address');
  return socket?.text('address') === wanted.host && countOf(socket.get('port_value')) === wanted.port;
}

/** Every `endpoint.address` inside. */
function addressesIn(value: Json): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(addressesIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'endpoint' && isObject(part) && isObject(part.address) ? [part.address] : addressesIn(part),
  );
}
