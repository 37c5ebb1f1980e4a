// A cluster's HttpProtocolOptions. Fields of the cluster that said the same in older bootstraps are not read any more once
// these options are there, so they move into them.

import type { JsonObject } from '../document/json.js';
import { Message } from '../look/message.js';
import { TYPE, typed } from '../look/types.js';

const FIELD = 'typed_extension_protocol_options';

export function protocolOf(cluster: Message): Message | null {
  return cluster.message(FIELD)?.message(TYPE.protocol) ?? null;
}

export function ensureProtocol(cluster: Message): Message {
  const found = protocolOf(cluster);
  if (found !== null) return found;
  const options = new Message(typed(TYPE.protocol), []);
  moveCommon(cluster, options);
  options.set(...explicit(cluster));
  cluster.ensure(FIELD).set(TYPE.protocol, options.value);
  return protocolOf(cluster) ?? options;
}

/** HTTP/2 where the cluster says so in either way. */
export function speaksHttp2(cluster: Message): boolean {
  const options = protocolOf(cluster);
  if (options === null) return cluster.get('http2_protocol_options') !== undefined;
  return options.message('explicit_http_config')?.get('http2_protocol_options') !== undefined;
}

function moveCommon(cluster: Message, options: Message): void {
  for (const name of ['common_http_protocol_options', 'upstream_http_protocol_options']) {
    const value = cluster.get(name);
    if (value === undefined) continue;
    options.set(name, value);
    cluster.remove(name);
  }
}

function explicit(cluster: Message): [string, JsonObject] {
  const http1 = take(cluster, 'http_protocol_options');
  const http2 = take(cluster, 'http2_protocol_options');
  const asDownstream = ['USE_DOWNSTREAM_PROTOCOL', 1].some((value) => value === cluster.get('protocol_selection'));
  cluster.remove('protocol_selection');
  if (!asDownstream) {
    return [
      'explicit_http_config',
      http2 === null ? { http_protocol_options: http1 ?? {} } : { http2_protocol_options: http2 },
    ];
  }
  return [
    'use_downstream_protocol_config',
    { http_protocol_options: http1 ?? {}, http2_protocol_options: http2 ?? {} },
  ];
}

function take(cluster: Message, name: string): JsonObject | null {
  const value = cluster.message(name)?.value ?? null;
  cluster.remove(name);
  return value;
}
