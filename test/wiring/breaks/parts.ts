// The parts of this repository's bootstrap that tests break, by name.

import {
  at,
  cluster,
  connectionManager,
  type Json,
  type JsonObject,
  object,
  ofType,
  readBootstrap,
  route,
} from '../../support/bootstrap.js';

export type Role = 'admission' | 'gate' | 'judge';
/** The finding that comes of it, and what is done. */
export type Case = readonly [code: string, change: Break];
export type Break = (bootstrap: JsonObject) => void;

const PROTOCOL = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export function processor(role: Role, bootstrap: JsonObject): JsonObject {
  const found = ofType(bootstrap, 'ExternalProcessor').find((each) => {
    return at(each, 'grpc_service', 'initial_metadata', 0, 'value') === role;
  });
  return object(found);
}

export const filtersOf = (bootstrap: JsonObject) => array(connectionManager(bootstrap).http_filters);
export const router = (bootstrap: JsonObject) => object(ofType(bootstrap, 'Router')[0]);
export const gates = (bootstrap: JsonObject) => array(router(bootstrap).upstream_http_filters);
export const protocol = (bootstrap: JsonObject, name: string) =>
  object(at(cluster(bootstrap, name), 'typed_extension_protocol_options', PROTOCOL));
export const judges = (bootstrap: JsonObject, name = 'provider') => array(protocol(bootstrap, name).http_filters);
export const retries = (bootstrap: JsonObject, name: string) =>
  object(at(route(bootstrap, name), 'route', 'retry_policy'));
export const trace = (bootstrap: JsonObject, index: number) =>
  object(ofType(bootstrap, 'HttpGrpcAccessLogConfig')[index]);
export const common = (bootstrap: JsonObject, index: number) => object(trace(bootstrap, index).common_config);
export const groups = (bootstrap: JsonObject, name: string) =>
  object(at(route(bootstrap, name), 'route', 'inline_cluster_specifier_plugin', 'extension', 'typed_config'));

export function array(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value;
}

/** envoy.yaml shares parts by anchors: in JSON every place has its own. */
export function shipped(): JsonObject {
  return object(JSON.parse(SHIPPED) as Json);
}

const SHIPPED = JSON.stringify(readBootstrap());

export function broken(change: Break): JsonObject {
  const bootstrap = shipped();
  change(bootstrap);
  return bootstrap;
}

/** Sets fields. */
export function put(target: JsonObject, fields: JsonObject): void {
  Object.assign(target, fields);
}
