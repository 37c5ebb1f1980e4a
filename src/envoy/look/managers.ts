// Every HTTP connection manager that is written out in the bootstrap, wherever a listener keeps it.

import { Glob, isGlob } from '../../policy/match.js';
import type { Message } from './message.js';
import type { EnvoyOptions } from './options.js';
import { configOf, TYPE, typeOf } from './types.js';

export interface Manager {
  /** Its configuration. */
  readonly message: Message;
  readonly listener: string;
  readonly filters: readonly Message[];
  /** The router's entry in `filters`; null: there is none. */
  readonly router: Message | null;
  /** Configurations of routes that are written out here. */
  readonly routeConfigs: readonly Message[];
}

/** Those that `options` choose, in the order of the file. */
export function managersOf(root: Message, options: EnvoyOptions): Manager[] {
  return listenersOf(root)
    .flatMap((listener) => filterChains(listener).flatMap((chain) => managersIn(chain, listener.text('name'))))
    .filter((manager) => isChosen(manager, options));
}

function listenersOf(root: Message): Message[] {
  return root.message('static_resources')?.messages('listeners') ?? [];
}

export function filterChains(listener: Message): Message[] {
  const otherwise = listener.message('default_filter_chain');
  return [...listener.messages('filter_chains'), ...(otherwise === null ? [] : [otherwise])];
}

function managersIn(chain: Message, listener: string): Manager[] {
  return chain.messages('filters').flatMap((filter) => {
    const message = configOf(filter, TYPE.manager);
    return message === null ? [] : [managerOf(message, listener)];
  });
}

function managerOf(message: Message, listener: string): Manager {
  const filters = message.messages('http_filters');
  const router = filters.find(isRouter) ?? null;
  return { message, listener, filters, router, routeConfigs: routeConfigsOf(message) };
}

function isRouter(filter: Message): boolean {
  return typeOf(filter.message('typed_config')) === TYPE.router;
}

function routeConfigsOf(manager: Message): Message[] {
  const own = manager.message('route_config');
  const list = manager.message('scoped_routes')?.message('scoped_route_configurations_list');
  const scoped = (list?.messages('scoped_route_configurations') ?? []).flatMap((scope) => {
    const config = scope.message('route_configuration');
    return config === null ? [] : [config];
  });
  return own === null ? scoped : [own, ...scoped];
}

function isChosen(manager: Manager, { listeners, statPrefixes }: EnvoyOptions): boolean {
  const named = listeners.length === 0 || listeners.some((pattern) => fits(pattern, manager.listener));
  return named && (statPrefixes.length === 0 || statPrefixes.includes(manager.message.text('stat_prefix')));
}

function fits(pattern: string, name: string): boolean {
  return isGlob(pattern) ? new Glob(pattern).matches(name) : pattern === name;
}
