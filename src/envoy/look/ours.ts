// Which of a bootstrap's pieces are Sluice's. They may have any name: what counts is where they speak to, and as what.

import { ROLE_KEY } from '../../server/role.js';
import { isObject, type Json } from '../document/json.js';
import type { Manager } from './managers.js';
import { Message } from './message.js';
import type { EnvoyOptions } from './options.js';
import { configOf, TYPE, typeOf } from './types.js';

const DEFAULT_NAME = 'sluice';

/** The processor in a filter's entry, bare or behind a matcher. */
export function processorOf(filter: Message): Message | null {
  const bare = configOf(filter, TYPE.processor);
  if (bare !== null) return bare;
  const inner = configOf(filter, TYPE.matched)?.message('extension_config') ?? null;
  return inner === null ? null : configOf(inner, TYPE.processor);
}

export function isOurProcessor(filter: Message, sluice: string): boolean {
  const processor = processorOf(filter);
  return processor !== null && (serviceCluster(processor) === sluice || roleOf(processor) !== null);
}

/** What a processor says it is; null: nothing. */
export function roleOf(processor: Message): string | null {
  const entries = processor.message('grpc_service')?.messages('initial_metadata') ?? [];
  const entry = entries.find((each) => each.text('key') === ROLE_KEY);
  return entry === undefined ? null : entry.text('value');
}

/** Is anything of Sluice in this connection manager? */
export function isTouched({ message, filters, router }: Manager, sluice: string): boolean {
  const owner = router === null ? null : configOf(router, TYPE.router);
  const attempts = owner?.messages('upstream_http_filters') ?? [];
  const logs = [...message.messages('access_log'), ...(owner?.messages('upstream_log') ?? [])];
  return (
    [...filters, ...attempts].some((filter) => isOurProcessor(filter, sluice)) ||
    logs.some((log) => traceOf(log, sluice) !== null)
  );
}

/** A log that goes to Sluice. */
export function traceOf(log: Message, sluice: string): Message | null {
  const config = configOf(log, TYPE.accessLog);
  const common = config?.message('common_config') ?? null;
  if (config === null || common === null) return null;
  return serviceCluster(common) === sluice || common.text('log_name') === DEFAULT_NAME ? config : null;
}

function serviceCluster(message: Message): string {
  return message.message('grpc_service')?.message('envoy_grpc')?.text('cluster_name') ?? '';
}

/** As asked for; else where most processors with a role speak to; else `sluice`. */
export function sluiceClusterOf(root: Message, options: EnvoyOptions): string {
  if (options.sluiceCluster !== null) return options.sluiceCluster;
  const votes = new Map<string, number>();
  countServices(root.value, votes);
  const [first] = [...votes].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? DEFAULT_NAME;
}

function countServices(value: Json, votes: Map<string, number>): void {
  if (Array.isArray(value)) for (const item of value) countServices(item, votes);
  if (!isObject(value)) return;
  const message = new Message(value, []);
  const isOurs = typeOf(message) === TYPE.processor && roleOf(message) !== null;
  const name = isOurs ? serviceCluster(message) : '';
  if (name !== '') votes.set(name, (votes.get(name) ?? 0) + 1);
  for (const part of Object.values(value)) countServices(part, votes);
}
