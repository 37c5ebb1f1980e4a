// An order of clusters, as the dynamic metadata that Envoy's priority-group specifier reads: attempt n goes to group n, the
// last group repeats. A policy has few orders and very many requests, so the bytes of each are made once.

import type { ClusterOrder } from '../core/stream.js';
import { LENGTH, tagOf } from './protobuf/reader.js';
import { varintSize, Writer } from './protobuf/writer.js';

/** The metadata namespace that `override_metadata_namespace` names in a route's priority-group specifier. */
const ROUTE_NAMESPACE = 'sluice.route';
const MAX_KEPT = 1_024;
const LENGTH_TAG_BYTES = 1;

/** Of google.protobuf.Value. */
const NUMBER_TAG = 0x11;
const STRING = 3;
const STRUCT = 5;
const LIST = 6;

function field(number: number, ...content: Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const front = Buffer.alloc(LENGTH_TAG_BYTES + varintSize(bytes.length));
  const writer = new Writer(front, 0);
  writer.byte(tagOf(number, LENGTH));
  writer.varint(bytes.length);
  return Buffer.concat([front, bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(9, NUMBER_TAG);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

const text = (value: string) => field(STRING, Buffer.from(value));
const list = (values: readonly Buffer[]) => field(LIST, ...values.map((value) => field(1, value)));
/** An entry of a Struct: a name, and a Value. */
const entry = (name: string, value: Buffer) => field(1, field(1, Buffer.from(name)), field(2, value));
const struct = (...entries: Buffer[]) => field(STRUCT, ...entries);

function priorityGroup(cluster: string, index: number): Buffer {
  const choice = struct(entry('cluster_name', text(cluster)), entry('weight', number(1)));
  return struct(entry('name', text(`g${index}`)), entry('clusters', list([choice])));
}

function metadata(order: ClusterOrder): Buffer {
  return entry(ROUTE_NAMESPACE, struct(entry('priority_groups', list(order.map(priorityGroup)))));
}

interface Made {
  readonly order: ClusterOrder;
  readonly bytes: Buffer;
}

/** By the first cluster; where a cluster has more than one order, they take turns. */
const made = new Map<string, Made>();

function isSame(a: ClusterOrder, b: ClusterOrder): boolean {
  return a.length === b.length && a.every((cluster, index) => cluster === b[index]);
}

/** The content of a Struct. The caller must not change it. */
export function routeMetadata(order: ClusterOrder): Buffer {
  const first = order[0] ?? '';
  const known = made.get(first);
  if (known !== undefined && isSame(known.order, order)) return known.bytes;
  if (known === undefined && made.size >= MAX_KEPT) made.clear();
  const bytes = metadata(order);
  made.set(first, { order: [...order], bytes });
  return bytes;
}
