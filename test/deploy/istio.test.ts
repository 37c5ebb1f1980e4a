// deploy/istio as files: valid by the definitions of their kinds, and alike where they say the same.

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { at, type Json, type JsonObject, object, ofType, readBootstrap } from '../support/bootstrap.js';
import { schemaErrors, typeErrors } from '../support/definitions.js';
import { shipped } from '../support/deployed/istio.js';

const FILTERS = [
  'sidecar/outbound.yaml',
  'gateway/gateway.yaml',
  'enforce/retries.yaml',
  'examples/judge.yaml',
  'examples/fallback.yaml',
  'examples/fallback-header.yaml',
];

function resource(name: string): JsonObject {
  return object(JSON.parse(JSON.stringify(parse(shipped(name)))) as Json);
}

describe('the EnvoyFilters', () => {
  it.each(FILTERS)('%s is valid by the definition of its kind', async (name) => {
    expect(resource(name)).toMatchObject({ apiVersion: 'networking.istio.io/v1alpha3', kind: 'EnvoyFilter' });
    expect(await schemaErrors(resource(name))).toBe('');
  });

  it('have no field that their kind does not have', async () => {
    expect(await typeErrors(FILTERS.map(resource))).toBe('');
  });

  it('would fail both with a wrong word and a wrong field', async () => {
    const { spec, ...rest } = resource('examples/judge.yaml');
    const patch = object(at(object(spec), 'configPatches', 0));
    const withPatch = (changes: JsonObject) => ({ ...rest, spec: { configPatches: [{ ...patch, ...changes }] } });
    expect(await schemaErrors(withPatch({ applyTo: 'CLUSTERS' }))).toContain('applyTo');
    expect(await typeErrors([withPatch({ mach: {} })])).toContain('mach');
  });

  it('select the pods that have Sluice, and no others', () => {
    const label = at(resource('pod/sluice.yaml'), 'spec', 'template', 'metadata', 'labels');
    for (const name of FILTERS) expect(at(resource(name), 'spec', 'workloadSelector', 'labels')).toEqual(label);
  });

  it('are the same for workloads and gateways, but for the context', () => {
    const text = (name: string) => JSON.stringify(resource(name).spec);
    expect(text('gateway/gateway.yaml')).toBe(text('sidecar/outbound.yaml').replaceAll('SIDECAR_OUTBOUND', 'GATEWAY'));
  });

  it('remove from a client what envoy.yaml removes, and let Sluice change what it may there', () => {
    const filters = resource('sidecar/outbound.yaml');
    const newest = readBootstrap();
    expect(ofType(filters, 'HeaderMutation')[0]?.mutations).toEqual(ofType(newest, 'HeaderMutation')[0]?.mutations);
    const settings = (each: JsonObject) => ofType(each, 'ExternalProcessor').slice(0, 2);
    expect(settings(filters)).toEqual(settings(newest));
    expect(ofType(filters, 'HttpGrpcAccessLogConfig')[0]).toEqual(ofType(newest, 'HttpGrpcAccessLogConfig')[0]);
    const judges = (each: JsonObject) => ofType(each, 'ExternalProcessor').at(-1);
    expect(judges(resource('examples/judge.yaml'))).toEqual(judges(newest));
  });
});

describe('the pod', () => {
  const pod = object(at(resource('pod/sluice.yaml'), 'spec', 'template', 'spec'));
  const sluice = object(at(pod, 'initContainers', 0));

  it('runs Sluice with the group of the proxy, so that it may use the socket, and not as its user', () => {
    expect(sluice.securityContext).toMatchObject({
      runAsGroup: 1337,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
    });
    expect(at(sluice, 'securityContext', 'runAsUser')).not.toBe(1337);
  });

  it('shares the folder of the socket with the proxy, by annotation or by the container itself', () => {
    const mount = { name: 'sluice-run', mountPath: '/run/sluice' };
    expect(sluice.volumeMounts).toContainEqual(mount);
    const patched = (name: string) => object(parse(String(at(resource(name), 'patches', 0, 'patch'))) as Json);
    const annotations = at(patched('sidecar/kustomization.yaml'), 'spec', 'template', 'metadata', 'annotations');
    expect(JSON.parse(String(at(annotations, 'sidecar.istio.io/userVolumeMount')))).toEqual({
      'sluice-run': { mountPath: '/run/sluice' },
    });
    const container = at(patched('gateway/kustomization.yaml'), 'spec', 'template', 'spec', 'containers', 0);
    expect(container).toEqual({ name: 'istio-proxy', volumeMounts: [mount] });
  });

  it('is not taken out of service with Sluice', () => {
    expect(sluice.readinessProbe).toBeUndefined();
    expect(sluice.restartPolicy).toBe('Always');
  });
});
