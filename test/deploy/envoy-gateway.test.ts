// deploy/envoy-gateway as files: valid by the definitions of their kinds, and asking of Envoy what envoy.yaml asks.

import { describe, expect, it } from 'vitest';
import { at, type JsonObject, list, object, ofType, readBootstrap } from '../support/bootstrap.js';
import { schemaErrors, typeErrors } from '../support/definitions.js';
import { envoyGatewayProxy, shippedResources } from '../support/deployed/envoy-gateway.js';
import { SHIPPED_SOCKET } from '../support/deployed/proxy.js';

const FILES = [
  'sluice.yaml',
  'patches.yaml',
  'envoy-proxy.yaml',
  'examples/gateway.yaml',
  'examples/judge.yaml',
  'examples/fallback.yaml',
];
const RESOURCES = FILES.flatMap((file) =>
  shippedResources(file).map((resource) => [file, String(resource.kind), resource] as const),
);

function resource(kind: string): JsonObject {
  return object(RESOURCES.find(([, each]) => each === kind)?.[2]);
}

describe('the resources', () => {
  it.each(RESOURCES)('of %s: %s is valid by the definition of its kind', async (_file, _kind, each) => {
    expect(await schemaErrors(each)).toBe('');
  });

  it('have no field that their kind does not have', async () => {
    expect(await typeErrors(RESOURCES.map(([, , each]) => each))).toBe('');
  });

  it('would fail both with a wrong word and a wrong field', async () => {
    const policy = resource('BackendTrafficPolicy');
    const withRetry = (retry: JsonObject) => ({ ...policy, spec: { ...object(policy.spec), retry } });
    expect(await schemaErrors(withRetry({ numRetries: -1 }))).toContain('numRetries');
    expect(await typeErrors([withRetry({ numRetry: 1 })])).toContain('numRetry');
  });

  it('patch the listener that their Gateway has', () => {
    const gateway = resource('Gateway');
    const { name, namespace } = object(gateway.metadata);
    const listener = `${namespace}/${name}/${at(gateway, 'spec', 'listeners', 0, 'name')}`;
    const patched = list(at(resource('EnvoyPatchPolicy'), 'spec', 'jsonPatches')).map((each) => each.name);
    expect([...new Set(patched)]).toEqual([listener]);
    const reference = at(gateway, 'spec', 'infrastructure', 'parametersRef', 'name');
    expect(at(resource('EnvoyProxy'), 'metadata', 'name')).toBe(reference);
  });

  it('share one socket between Envoy and Sluice, of the same user', () => {
    const deployment = object(at(resource('EnvoyProxy'), 'spec', 'provider', 'kubernetes', 'envoyDeployment'));
    const sluice = object(at(deployment, 'initContainers', 0));
    const mount = { name: 'sluice-run', mountPath: '/run/sluice' };
    expect(sluice.volumeMounts).toContainEqual(mount);
    expect(at(deployment, 'container', 'volumeMounts')).toEqual([mount]);
    expect(sluice.env).toContainEqual({ name: 'SLUICE_GRPC', value: `unix:${SHIPPED_SOCKET}` });
    // As Envoy Gateway runs Envoy.
    expect(sluice.securityContext).toMatchObject({ runAsUser: 65532, runAsGroup: 65532 });
  });
});

describe('what becomes of them', () => {
  const { bootstrap, sluice } = envoyGatewayProxy(['examples/judge.yaml']);
  const newest = readBootstrap();
  const processors = ofType(bootstrap, 'ExternalProcessor');
  const role = (each: JsonObject) => String(at(each, 'grpc_service', 'initial_metadata', 0, 'value'));

  it('has Envoy close its streams in peace', () => {
    const layers = list(at(bootstrap, 'layered_runtime', 'layers'));
    expect(layers.map(({ static_layer: values }) => values)).toContainEqual({
      'envoy.reloadable_features.ext_proc_graceful_grpc_close': true,
    });
  });

  it('asks Sluice for what envoy.yaml asks, and lets it change the same', () => {
    expect(processors.map(role).sort()).toEqual(['admission', 'gate', 'judge']);
    for (const each of processors) {
      const model = object(ofType(newest, 'ExternalProcessor').find((other) => role(other) === role(each)));
      const { grpc_service: service, processing_mode: mode, ...rest } = each;
      expect({ ...model, ...rest }, role(each)).toEqual(model);
      expect(model.processing_mode, role(each)).toMatchObject(object(mode));
      expect(service).toMatchObject({ envoy_grpc: { cluster_name: sluice, authority: 'sluice' } });
      expect(object(service).timeout, 'a call lasts as long as its request').toBeUndefined();
    }
  });

  it('removes from a client what envoy.yaml removes, and has Envoy say how much time is left', () => {
    const early = ofType(bootstrap, 'HeaderMutation').find(({ mutations }) => Array.isArray(mutations));
    expect(early?.mutations).toEqual(ofType(newest, 'HeaderMutation')[0]?.mutations);
    expect(object(ofType(bootstrap, 'Router')[0]).suppress_envoy_headers).toBeUndefined();
  });

  it('logs the same, for requests that Sluice has admitted', () => {
    const [model] = ofType(newest, 'HttpGrpcAccessLogConfig');
    for (const log of ofType(bootstrap, 'HttpGrpcAccessLogConfig')) {
      const service = { envoy_grpc: { cluster_name: sluice, authority: 'sluice' } };
      const common = { ...object(object(model).common_config), grpc_service: service };
      expect(log).toEqual({ ...model, common_config: common });
    }
  });
});
