// The bootstraps of deploy/envoy are documentation that runs, like envoy.yaml: held here to what their comments promise.

import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { at, cluster, ofType, readBootstrap, virtualHost } from '../support/bootstrap.js';
import { validate } from '../support/envoy.js';
import { ENVOY_VERSION, envoyBinary } from '../support/envoy-binary.js';

const DOWNLOAD_MS = 300_000;

function shipped(name: string): string {
  return fileURLToPath(new URL(`../../deploy/envoy/${name}.yaml`, import.meta.url));
}

describe('the bootstraps for older Envoys', () => {
  beforeAll(() => Promise.all(['1.36.2', '1.39.3'].map((version) => envoyBinary(version))), DOWNLOAD_MS);

  it.each([
    ['cluster-header', '1.36.2'],
    ['cluster-header', '1.39.3'],
    ['cluster-header', ENVOY_VERSION],
    ['composite', '1.39.3'],
    ['composite', ENVOY_VERSION],
  ])('%s is valid to Envoy %s', async (name, version) => {
    const { ok, log } = await validate(shipped(name), version);
    expect(ok, log).toBe(true);
  });

  it('have no judge where Envoy 1.36 would read it: it dies when a held response with a body is retried', () => {
    const roles = (name: string) =>
      ofType(readBootstrap(shipped(name)), 'ExternalProcessor').map((each) =>
        at(each, 'grpc_service', 'initial_metadata', 0, 'value'),
      );
    expect(roles('cluster-header')).toEqual(['admission', 'gate']);
    expect(roles('composite')).toEqual(['admission', 'gate', 'judge']);
  });

  it('keep to what the newest one promises: peaceful ends, failing open, room on the way to Sluice, no forgery', () => {
    for (const name of ['cluster-header', 'composite']) {
      const bootstrap = readBootstrap(shipped(name));
      const layer = at(bootstrap, 'layered_runtime', 'layers', 0, 'static_layer');
      expect(layer).toEqual({ 'envoy.reloadable_features.ext_proc_graceful_grpc_close': true });
      for (const each of ofType(bootstrap, 'ExternalProcessor')) expect(each.failure_mode_allow).toBe(true);
      const limits = at(cluster(bootstrap, 'sluice'), 'circuit_breakers', 'thresholds', 0, 'max_requests');
      expect(limits).toBeGreaterThan(1024);
      expect(virtualHost(bootstrap).include_request_attempt_count).toBe(true);
      const newest = ofType(readBootstrap(), 'HeaderMutation')[0]?.mutations;
      expect(ofType(bootstrap, 'HeaderMutation')[0]?.mutations).toEqual(newest);
    }
  });
});
