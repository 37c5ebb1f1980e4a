// What a configuration says of Sluice: the shipped one, and what may be missing from others.

import { describe, expect, it } from 'vitest';
import { readWiring } from '../../../src/cli/doctor/wiring.js';
import { type JsonObject, object, ofType, readBootstrap } from '../../support/bootstrap.js';

/** As /config_dump gives it, as far as matters. */
const dumped = (bootstrap: JsonObject) => ({ configs: [{ '@type': 'x.v3.BootstrapConfigDump', bootstrap }] });

describe('the wiring of envoy.yaml', () => {
  it('has all three roles, both logs, one cluster, and no listener without', () => {
    expect(readWiring(dumped(readBootstrap()))).toEqual({
      roles: expect.arrayContaining(['admission', 'gate', 'judge']),
      withoutRole: 0,
      clusters: ['sluice'],
      logs: { attempts: true, requests: true },
      unguarded: [],
    });
  });
});

describe('what is missing is seen', () => {
  it('a role', () => {
    const bootstrap = readBootstrap();
    for (const processor of ofType(bootstrap, 'ExternalProcessor').slice(1)) {
      object(processor.grpc_service).initial_metadata = [];
    }
    const { roles, withoutRole } = readWiring(dumped(bootstrap));
    expect(roles).toEqual(['admission']);
    expect(withoutRole).toBeGreaterThan(0);
  });

  it('the log of attempts', () => {
    const bootstrap = readBootstrap();
    for (const router of ofType(bootstrap, 'Router')) delete router.upstream_log;
    expect(readWiring(dumped(bootstrap)).logs).toEqual({ attempts: false, requests: true });
  });

  it('a log that goes elsewhere', () => {
    const bootstrap = readBootstrap();
    for (const log of ofType(bootstrap, 'HttpGrpcAccessLogConfig')) {
      object(log.common_config).grpc_service = { envoy_grpc: { cluster_name: 'other' } };
    }
    expect(readWiring(dumped(bootstrap)).logs).toEqual({ attempts: false, requests: false });
  });

  it('admission at a listener', () => {
    const bootstrap = readBootstrap();
    for (const manager of ofType(bootstrap, 'HttpConnectionManager')) {
      manager.http_filters = [];
    }
    expect(readWiring(dumped(bootstrap)).unguarded).toEqual(['ingress']);
  });

  it('everything, in what is no configuration', () => {
    const nothing = {
      roles: [],
      withoutRole: 0,
      clusters: [],
      logs: { attempts: false, requests: false },
      unguarded: [],
    };
    for (const dump of [null, 7, 'x', [], {}, { configs: null }]) expect(readWiring(dump)).toEqual(nothing);
  });

  it('another external processor is none of ours', () => {
    const other = {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor',
      grpc_service: { envoy_grpc: { cluster_name: 'other' } },
    };
    expect(readWiring(dumped({ ...readBootstrap(), other }))).toMatchObject({ withoutRole: 0, clusters: ['sluice'] });
  });
});
