// What Envoy would say to a handler, in one line each, and what the handler's answer comes to.

import type { HeaderChanges, Instruction, OtherPhase } from '../../src/core/stream.js';
import type { CoreWorld, Stream } from '../support/core-world.js';
import { attributesOf, type HeaderValues, headersOf } from '../support/fake-headers.js';

export type AttributeValues = Readonly<Record<string, string | number>>;

/** Headers of a request at the connection manager, on cluster `a` unless said otherwise. */
export function arrives(
  world: CoreWorld,
  headers: HeaderValues = {},
  attributes: AttributeValues = { 'xds.cluster_name': 'a' },
): Stream {
  const stream = world.admission();
  stream.handler.message({
    kind: 'request_headers',
    headers: headersOf({ ':method': 'GET', ':path': '/x', ...headers }),
    attributes: attributesOf(attributes),
  });
  return stream;
}

/** Response headers, at the connection manager or at an attempt. */
export function answers(stream: Stream, headers: HeaderValues, attributes: AttributeValues = {}): void {
  stream.handler.message({
    kind: 'response_headers',
    headers: headersOf(headers),
    attributes: attributesOf(attributes),
  });
}

/** An attempt of this request at gate or judge. */
export function attempts(world: CoreWorld, id: string, attempt: number, headers: HeaderValues = {}): Stream {
  const stream = world.attempt();
  stream.handler.message({
    kind: 'request_headers',
    headers: headersOf({ 'x-sluice-id': id, 'x-envoy-attempt-count': String(attempt), ...headers }),
    attributes: attributesOf({ 'xds.cluster_name': 'a', 'upstream.address': '10.0.0.1:80' }),
  });
  return stream;
}

export function says(stream: Stream, phase: OtherPhase): void {
  stream.handler.message({ kind: 'other', phase });
}

type Continue = Extract<Instruction, { kind: 'continue_request' | 'continue_response' }>;

export function continued(stream: Stream): Continue {
  const { last } = stream;
  if (last.kind !== 'continue_request' && last.kind !== 'continue_response') throw new Error(`it was: ${last.kind}`);
  return last;
}

export function allSet({ set, common = [] }: HeaderChanges): HeaderChanges['set'] {
  return [...set, ...common];
}

/** What it sets, by name. */
export function setBy(stream: Stream): Record<string, string> {
  const set = allSet(continued(stream).headers);
  const values = Object.fromEntries(set);
  if (Object.keys(values).length !== set.length) throw new Error('a header is set twice');
  return values;
}

export function removedBy(stream: Stream): readonly string[] {
  return continued(stream).headers.remove;
}

/** The headers as they are after these changes: removed first, then set, as Envoy does it. */
export function withChanges(headers: HeaderValues, changes: HeaderChanges): HeaderValues {
  const left = Object.entries(headers).filter(([name]) => !changes.remove.includes(name));
  return { ...Object.fromEntries(left), ...Object.fromEntries(allSet(changes)) };
}

export function idOf(stream: Stream): string {
  const id = setBy(stream)['x-sluice-id'];
  if (id === undefined) throw new Error('the request was given no id');
  return id;
}

/** Policies of one cluster's retries. */
export function retrying(retry: object, rest: object = {}): object {
  return { defaults: { retry }, ...rest };
}

/** Opens the circuit of a cluster by hand. */
export function takeOut(world: CoreWorld, cluster: string): void {
  if (!world.circuits.use(cluster, world.now).force('forced_open', world.now)) throw new Error(`${cluster} is off`);
}
