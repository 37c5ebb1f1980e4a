// A proxy of Envoy Gateway with the resources of deploy/envoy-gateway applied to it.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { at, clusters, type Json, type JsonObject, list, object } from '../bootstrap.js';
import { applyOperation } from '../envoy-gateway/patch.js';
import { type Parts, translateBackends, translateClient, translateExtension } from '../envoy-gateway/translate.js';
import type { MeshProxy } from './proxy.js';
import { SERVICES } from './world.js';

const LISTENER = 'shop/web/http';
/** The service that the shape has; all others are copies of it. */
const MODEL = 'payments';

/** The resources of a shipped file of deploy/envoy-gateway. */
export function shippedResources(name: string): JsonObject[] {
  return resourcesOf(fileURLToPath(new URL(`../../../deploy/envoy-gateway/${name}`, import.meta.url)));
}

function resourcesOf(file: string): JsonObject[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    // Through text: an anchor is one object wherever it stands.
    return object(JSON.parse(JSON.stringify(document.toJS())) as Json);
  });
}

export function routeCluster(service: string): string {
  return `httproute/shop/${service}/rule/0`;
}

/** @param examples files with further EnvoyPatchPolicies. */
export function envoyGatewayProxy(examples: readonly string[] = []): MeshProxy {
  const parts = plainParts();
  const kinds = shippedResources('sluice.yaml');
  translateExtension(parts, ofKind(kinds, 'EnvoyExtensionPolicy'), ofKind(kinds, 'Backend'));
  translateClient(parts, ofKind(kinds, 'ClientTrafficPolicy'));
  translateBackends(parts, ofKind(kinds, 'BackendTrafficPolicy'));
  const [proxy] = shippedResources('envoy-proxy.yaml');
  for (const operation of list(at(object(proxy), 'spec', 'bootstrap', 'jsonPatches'))) {
    applyOperation(parts.bootstrap, operation);
  }
  for (const file of ['patches.yaml', ...examples]) for (const policy of shippedResources(file)) patch(parts, policy);
  return {
    bootstrap: parts.bootstrap,
    listener: LISTENER,
    sluice: 'envoyextensionpolicy/shop/sluice/extproc/0',
    cluster: routeCluster,
    host: (service) => `${service}.example.com`,
  };
}

/** The listener carries its routes, which are a resource of their own to a patch. */
function plainParts(): Parts {
  const [bootstrap] = resourcesOf(fileURLToPath(new URL('../../deploy/envoy-gateway/proxy.yaml', import.meta.url)));
  if (bootstrap === undefined) throw new Error('proxy.yaml is empty');
  const manager = object(at(listenerOf(bootstrap), 'default_filter_chain', 'filters', 0, 'typed_config'));
  const configuration = object(manager.route_config);
  configuration.virtual_hosts = copies(configuration.virtual_hosts);
  object(bootstrap.static_resources).clusters = copies(at(bootstrap, 'static_resources', 'clusters'));
  const routes = list(configuration.virtual_hosts).flatMap((host) => list(host.routes));
  return { bootstrap, manager, routes };
}

function patch({ bootstrap, manager }: Parts, policy: JsonObject): void {
  for (const { type, name, operation } of list(at(policy, 'spec', 'jsonPatches'))) {
    const kind = String(type).slice(String(type).lastIndexOf('.') + 1);
    applyOperation(resource(bootstrap, manager, kind, String(name)), object(operation));
  }
}

function resource(bootstrap: JsonObject, manager: JsonObject, kind: string, name: string): JsonObject {
  const candidates: Readonly<Record<string, () => JsonObject[]>> = {
    Listener: () => [listenerOf(bootstrap)],
    RouteConfiguration: () => [object(manager.route_config)],
    Cluster: () => clusters(bootstrap),
  };
  const found = candidates[kind]?.().find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

function listenerOf(bootstrap: JsonObject): JsonObject {
  return object(at(bootstrap, 'static_resources', 'listeners', 0));
}

function ofKind(resources: readonly JsonObject[], kind: string): JsonObject {
  return object(resources.find((each) => each.kind === kind));
}

function copies(items: Json | undefined): Json[] {
  const text = JSON.stringify(list(items)[0]);
  return SERVICES.map((name) => object(JSON.parse(text.replaceAll(MODEL, name)) as Json));
}
