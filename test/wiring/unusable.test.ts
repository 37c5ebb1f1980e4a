// A file that nothing can be done with is refused with its place, what is wrong and what to do: before anything is changed.

import { describe, expect, it } from 'vitest';
import { bootstrapOf, faults, wired } from './support.js';

describe('refused, with the reason', () => {
  it.each([
    ['an empty file', '', /^envoy.yaml: is empty; give an Envoy bootstrap/],
    ['no mapping', '- a\n', /^envoy.yaml:1:1: is not a mapping/],
    ['broken YAML', 'static_resources:\n  listeners: [\n', /^envoy.yaml:3:1: is not valid YAML/],
    ['broken JSON', '{"static_resources": {,}}', /^envoy.yaml:1:23: is not valid YAML/],
    ['a policy', 'defaults: {}\nclusters: {}\n', /is no Envoy bootstrap: .* \(it has defaults, clusters\)/],
    ['a dump', '{"configs": [{}]}', /is a dump of \/config_dump; give the bootstrap that Envoy is started with/],
    [
      'no connection manager',
      'static_resources:\n  listeners: []\n',
      /^envoy.yaml:1:1 static_resources: has no HTTP connection manager/,
    ],
  ])('%s', (_what, text, message) => {
    expect(() => wired(text)).toThrow(message);
    expect(() => faults(text)).toThrow(message);
  });

  it.each([
    'type.googleapis.com/envoy.config.filter.network.http_connection_manager.v2.HttpConnectionManager',
    'type.googleapis.com/envoy.api.v2.Cluster',
    'type.googleapis.com/envoy.config.filter.http.jwt_authn.v2alpha.JwtAuthentication',
  ])('%s, of the old API, with its path', (type) => {
    const bootstrap = bootstrapOf({ clusters: [{ name: 'a', metadata: { x: { '@type': type } } }] });
    expect(() => wired(bootstrap)).toThrow(/clusters\[0\].metadata.x\["@type"\]: is of the v2 API/);
  });

  it('takes types of today that only look old', () => {
    const type = 'type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit';
    expect(wired(bootstrapOf({ root: { node: { metadata: { '@type': type } } } })).count).toBeGreaterThan(0);
  });

  it('names the connection managers there are, when none is chosen', () => {
    const bootstrap = bootstrapOf({});
    for (const options of [{ listeners: ['egress*'] }, { statPrefixes: ['other'] }]) {
      expect(() => wired(bootstrap, options)).toThrow(/--listener and --stat-prefix choose; it has ingress \(http\)/);
    }
  });
});
