// A proxy of Istio with the EnvoyFilters of deploy/istio applied to it.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { at, type Json, type JsonObject, list, object, parseBootstrap } from '../bootstrap.js';
import { applyFilters, type ProxyKind } from '../istio/apply.js';
import { readFilters } from '../istio/filter.js';
import type { MeshProxy } from './proxy.js';
import { SERVICES } from './world.js';

const LISTENER = '0.0.0.0_8080';
/** The service that the shapes of test/deploy/istio have; all others are copies of it. */
const MODEL = 'payments';

/** A shipped file of deploy/istio. */
export function shipped(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../deploy/istio/${name}`, import.meta.url)), 'utf8');
}

/** What Istio makes without Sluice: services in place, nothing patched. */
export function plainProxy(kind: ProxyKind): JsonObject {
  const file = fileURLToPath(new URL(`../../deploy/istio/${kind}.yaml`, import.meta.url));
  // Anchors make parts one object, and what is changed in one place would be in another.
  const bootstrap = copyOf(parseBootstrap(readFileSync(file, 'utf8')));
  const resources = object(bootstrap.static_resources);
  resources.clusters = withCopies(resources.clusters, `||${MODEL}.`);
  const configuration = object(at(managerOf(bootstrap), 'route_config'));
  configuration.virtual_hosts = withCopies(configuration.virtual_hosts, `${MODEL}.`);
  return bootstrap;
}

/** The HTTP connection manager that calls to services pass through. */
export function managerOf(bootstrap: JsonObject): JsonObject {
  const listener = list(at(bootstrap, 'static_resources', 'listeners')).find((each) => each.name === LISTENER);
  return object(at(object(listener), 'filter_chains', 0, 'filters', 0, 'typed_config'));
}

export interface IstioOptions {
  readonly kind: ProxyKind;
  /** Files of deploy/istio, in the order in which they apply. */
  readonly files: readonly string[];
  /** For what a VirtualService would do. */
  readonly prepare?: (bootstrap: JsonObject) => void;
  /** For what a file asks its reader to adapt. */
  readonly adapt?: (text: string, file: string) => string;
}

export function istioProxy({ kind, files, prepare, adapt = (text) => text }: IstioOptions): MeshProxy {
  const bootstrap = plainProxy(kind);
  prepare?.(bootstrap);
  Object.assign(object(at(bootstrap, 'layered_runtime', 'layers', 0, 'static_layer')), runtimeValues());
  const patches = files.flatMap((file) => readFilters(adapt(shipped(file), file)));
  // A file may be for sidecars and gateways alike; each patch has to match on its own kind.
  const context = kind === 'gateway' ? 'GATEWAY' : 'SIDECAR_OUTBOUND';
  applyFilters(
    bootstrap,
    patches.filter((patch) => patch.context === context),
    kind,
  );
  const host = (service: string) => (kind === 'gateway' ? `${service}.example.com` : service);
  return { bootstrap, listener: LISTENER, sluice: 'sluice', host, cluster };
}

/** As judge.yaml tells those who have a gateway. */
export function forGateway(text: string, file: string): string {
  if (file !== 'examples/judge.yaml') return text;
  return text
    .replaceAll('SIDECAR_OUTBOUND', 'GATEWAY')
    .replace('ledger.shop.svc.cluster.local:8080', 'ledger.example.com:80');
}

export function cluster(service: string): string {
  return `outbound|8080||${service}.shop.svc.cluster.local`;
}

/** Gives a route of its own name to a service, as a VirtualService does. */
export function nameRoute(bootstrap: JsonObject, service: string, name: string): void {
  const hosts = list(at(managerOf(bootstrap), 'route_config', 'virtual_hosts'));
  const host = hosts.find((each) => String(each.name).startsWith(`${service}.`));
  object(at(object(host), 'routes', 0)).name = name;
}

/** Of the annotation of a pod, as Istio's agent reads them: "true" becomes true. */
function runtimeValues(): JsonObject {
  const patch = object(parse(shipped('pod/sluice.yaml')) as Json);
  const annotation = at(patch, 'spec', 'template', 'metadata', 'annotations', 'proxy.istio.io/config');
  const values = object(at(object(parse(String(annotation)) as Json), 'runtimeValues'));
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value === 'true' ? true : value]));
}

function withCopies(items: Json | undefined, mark: string): Json[] {
  const all = list(items);
  const model = all.find((each) => String(each.name).includes(mark));
  if (model === undefined) throw new Error(`nothing is named ${mark}`);
  const text = JSON.stringify(model);
  const copies = SERVICES.filter((name) => name !== MODEL).map((name) =>
    object(JSON.parse(text.replaceAll(MODEL, name)) as Json),
  );
  return [...copies, ...all];
}

function copyOf(value: JsonObject): JsonObject {
  return object(JSON.parse(JSON.stringify(value)) as Json);
}
