// What looks like a fault and may be meant: retries of Envoy that no request can be hurt by, and logs of admitted requests only.

import { describe, expect, it } from 'vitest';
import { type Json, type JsonObject, object } from '../support/bootstrap.js';
import { bootstrapOf, findings } from './support.js';

function ownRetries(retryPolicy: JsonObject): string[] {
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'a', retry_policy: retryPolicy } }];
  return findings(bootstrapOf({ routes }))
    .filter(({ code }) => code === 'route.own_retries')
    .map(({ level }) => level);
}

describe("Envoy's own retries", () => {
  it.each(['connect-failure', 'connect-failure, refused-stream', 'reset-before-request,connect-failure'])(
    'are noted where nothing of what they retry was written: %s',
    (words) => {
      expect(ownRetries({ retry_on: words })).toEqual(['note']);
    },
  );

  it.each([
    { retry_on: 'connect-failure,unavailable' },
    { retry_on: '5xx' },
    { retry_on: 'connect-failure', retriable_status_codes: [503] },
  ])('are an error where it may have been: %j', (retryPolicy) => {
    expect(ownRetries(retryPolicy)).toEqual(['error']);
  });
});

describe('a filter of the trace', () => {
  const SERVICE = { envoy_grpc: { cluster_name: 'sluice' } };
  const LOG = 'type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig';

  function found(filter: Json): boolean {
    const config = { '@type': LOG, common_config: { log_name: 'sluice', grpc_service: SERVICE } };
    const bootstrap = bootstrapOf({
      manager: { access_log: [{ name: 'sluice', filter, typed_config: config }] },
      clusters: [{ name: 'a' }, object({ name: 'sluice' })],
    });
    return findings(bootstrap, { sluiceCluster: 'sluice' }).some(({ code }) => code === 'trace.filter');
  }

  it('that passes what was admitted keeps nothing from Sluice', () => {
    expect(found({ header_filter: { header: { name: 'x-sluice-id', present_match: true } } })).toBe(false);
  });

  it.each([
    { header_filter: { header: { name: 'x-sluice-id', present_match: true, invert_match: true } } },
    { header_filter: { header: { name: 'x-request-id', present_match: true } } },
    { status_code_filter: {} },
  ])('is found otherwise: %j', (filter) => {
    expect(found(filter)).toBe(true);
  });
});
