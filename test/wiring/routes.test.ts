// A route takes its waits from the policy and leaves the choice of retries to it; a fallback makes it one that can be steered.

import { describe, expect, it } from 'vitest';
import { at, type JsonObject, list, object, virtualHost } from '../support/bootstrap.js';
import { bootstrapOf, faults, findings, policy, wired, wiredValue } from './support.js';

const to = (cluster: string, name = '', more: JsonObject = {}): JsonObject => ({
  ...(name === '' ? {} : { name }),
  match: { prefix: `/${name}` },
  route: { cluster, ...more },
});
const entries = (bootstrap: JsonObject) => list(virtualHost(bootstrap).routes);
const actions = (bootstrap: JsonObject) => entries(bootstrap).map((entry) => object(entry.route));
const retriesOf = (bootstrap: JsonObject, index = 0) => object(actions(bootstrap)[index]?.retry_policy);

describe('the wait between failed connections', () => {
  it('is the policy of the route, else of the cluster, else the defaults', () => {
    const rules = policy(`
defaults: { retry: { backoff: { base: 10ms, max: 100ms } } }
clusters: { b: { retry: { backoff: { base: 1s, max: 2s } } } }
routes: { quick: { retry: { backoff: { base: 5ms, max: 7ms } } } }`);
    const made = wiredValue(bootstrapOf({ routes: [to('a', 'x'), to('b', 'y'), to('b', 'quick')] }), { policy: rules });
    expect([0, 1, 2].map((index) => retriesOf(made, index).retry_back_off)).toEqual([
      { base_interval: '0.01s', max_interval: '0.1s' },
      { base_interval: '1s', max_interval: '2s' },
      { base_interval: '0.005s', max_interval: '0.007s' },
    ]);
  });

  it('is next to nothing where a judge does the waiting', () => {
    const made = wiredValue(bootstrapOf({}), { policy: policy('defaults: { retry: { judge: true } }') });
    expect(retriesOf(made)).toMatchObject({
      retry_back_off: { base_interval: '0.005s', max_interval: '0.01s' },
      retriable_headers: [{ name: 'x-sluice-retry', present_match: true }],
    });
  });

  it('is the longest of the clusters of a route with weights', () => {
    const rules = policy(
      'clusters: { a: { retry: { backoff: { base: 30ms, max: 40ms } } }, b: { retry: { backoff: { base: 20ms, max: 90ms } } } }',
    );
    const weighted = {
      weighted_clusters: {
        clusters: [
          { name: 'a', weight: 1 },
          { name: 'b', weight: 1 },
        ],
      },
    };
    const made = wiredValue(bootstrapOf({ routes: [{ match: { prefix: '/' }, route: weighted }] }), { policy: rules });
    expect(retriesOf(made).retry_back_off).toEqual({ base_interval: '0.03s', max_interval: '0.09s' });
  });

  it('need not be written where it is what Envoy does anyway', () => {
    const bootstrap = JSON.parse(wired(bootstrapOf({})).text) as JsonObject;
    delete retriesOf(bootstrap).retry_back_off;
    expect(faults(bootstrap)).toEqual([]);
    retriesOf(bootstrap).retry_back_off = { base_interval: '0.025s' };
    expect(faults(bootstrap)).toEqual([]);
    retriesOf(bootstrap).retry_back_off = { base_interval: '0.1s' };
    expect(faults(bootstrap)).toEqual(['route.back_off']);
  });
});

describe("a route's own retries", () => {
  const own = {
    retry_on: '5xx',
    num_retries: 3,
    per_try_timeout: '2s',
    retriable_status_codes: [503],
    retry_priority: { name: 'x' },
  };

  it('go where the policy enforces, for Envoy would add them to what Sluice grants; the rest stays, and it is told', () => {
    const { text, changed } = wired(bootstrapOf({ routes: [to('a', '', { retry_policy: own })] }));
    const { retry_on, retriable_status_codes, ...rest } = retriesOf(JSON.parse(text) as JsonObject);
    expect([retry_on, retriable_status_codes]).toEqual([undefined, undefined]);
    expect(rest).toMatchObject({ num_retries: 0, per_try_timeout: '2s', retry_priority: { name: 'x' } });
    expect(changed.join()).toMatch(
      /routes\[0\].route.retry_policy retries by itself \(retry_on: "5xx", retriable_status_codes: \[503\]\)/,
    );
  });

  it.each(['shadow', '"off"'])(
    'stay where the policy says %s: they are what retries there, and that is said',
    (mode) => {
      const options = { policy: policy(`defaults: { retry: { mode: ${mode} } }`) };
      const { text, warnings, changed } = wired(bootstrapOf({ routes: [to('a', '', { retry_policy: own })] }), options);
      expect(retriesOf(JSON.parse(text) as JsonObject)).toEqual(own);
      expect(warnings.join()).toMatch(/retry_on is "5xx", and stays while the policy's retry.mode is not enforce/);
      expect([changed, faults(text, options)]).toEqual([[], []]);
    },
  );

  it('may come from the virtual host: a copy of that, set right, is what the route gets', () => {
    const host = { retry_policy: { retry_on: 'reset', num_retries: 2, host_selection_retry_max_attempts: 9 } };
    const made = wiredValue(bootstrapOf({ host }));
    expect(retriesOf(made)).toMatchObject({ num_retries: 0, host_selection_retry_max_attempts: 9 });
    expect(retriesOf(made).retry_on).toBeUndefined();
    expect(virtualHost(made).retry_policy).toEqual(host.retry_policy);
  });

  it('are not invented for routes that lead to no cluster', () => {
    const redirect = { match: { path: '/old' }, redirect: { path_redirect: '/new' } };
    const answer = { match: { path: '/ping' }, direct_response: { status: 204 } };
    const made = wiredValue(bootstrapOf({ routes: [redirect, answer, to('a', 'x')] }));
    expect(entries(made).slice(0, 2)).toEqual([redirect, answer]);
  });

  it('do not keep to other hosts where the attempts of a composite cluster go elsewhere anyway', () => {
    const clusters = [{ name: 'a', cluster_type: { name: 'envoy.clusters.composite' } }];
    expect(retriesOf(wiredValue(bootstrapOf({ clusters }))).retry_host_predicate).toBeUndefined();
  });
});

describe('a route whose cluster has a fallback', () => {
  const rules = policy('clusters: { a: { fallback: [b] } }');
  const options = { policy: rules };

  it('becomes one of priority groups, in the place of the name, with the rest as it was', () => {
    const made = wiredValue(bootstrapOf({ routes: [to('a', 'x', { timeout: '9s', prefix_rewrite: '/' })] }), options);
    const action = object(actions(made)[0]);
    expect(Object.keys(action)).toEqual([
      'inline_cluster_specifier_plugin',
      'timeout',
      'prefix_rewrite',
      'retry_policy',
    ]);
    expect(at(action, 'inline_cluster_specifier_plugin', 'extension', 'typed_config')).toMatchObject({
      override_metadata_namespace: 'sluice.route',
      priority_groups: [{ name: 'routed', clusters: [{ cluster_name: 'a', weight: 1 }] }],
    });
    expect(object(action.retry_policy).refresh_cluster_on_retry).toBe(true);
  });

  it('does so too in shadow mode, keeping its own retries and those of its host', () => {
    const shadow = policy('defaults: { retry: { mode: shadow } }\nclusters: { a: { fallback: [b] } }');
    const made = wiredValue(bootstrapOf({ host: { retry_policy: { retry_on: 'reset' } } }), { policy: shadow });
    expect(retriesOf(made)).toEqual({ retry_on: 'reset', refresh_cluster_on_retry: true });
  });

  it('stays fixed where a fallback is not in the bootstrap: a request sent there would fail', () => {
    const missing = { policy: policy('clusters: { a: { fallback: [b, bb] } }') };
    const { text, warnings } = wired(bootstrapOf({}), missing);
    expect(actions(JSON.parse(text) as JsonObject)[0]?.cluster).toBe('a');
    expect(warnings.join()).toMatch(
      /has no bb, which the policy names as a fallback of a: .*; did the policy mean b\?/,
    );
    expect(faults(text, missing)).toEqual(['policy.unknown_fallback']);
  });

  it('stays as it is where it divides by weight or asks a plugin, and that is noted', () => {
    const weighted = {
      weighted_clusters: {
        clusters: [
          { name: 'a', weight: 1 },
          { name: 'b', weight: 1 },
        ],
      },
    };
    const bootstrap = bootstrapOf({ routes: [{ match: { prefix: '/' }, route: weighted }] });
    expect(wired(bootstrap, options).warnings.join()).toMatch(
      /route divides requests by weight, so that Sluice cannot send them to b/,
    );
    expect(faults(wired(bootstrap, options).text, options)).toEqual([]);
  });

  it("keeps somebody's own priority groups", () => {
    const config = {
      '@type':
        'type.googleapis.com/envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier',
      priority_groups: [{ name: 'g', clusters: [{ cluster_name: 'a', weight: 1 }] }],
    };
    const route = { inline_cluster_specifier_plugin: { extension: { name: 'own', typed_config: config } } };
    const made = wiredValue(bootstrapOf({ routes: [{ match: { prefix: '/' }, route }] }), options);
    expect(at(object(actions(made)[0]), 'inline_cluster_specifier_plugin', 'extension', 'typed_config')).toEqual(
      config,
    );
  });
});

describe('a route that the policy names a cluster for', () => {
  const rules = policy('clusters: { a: { fallback: [b] } }\nroutes: { pay: { cluster: a } }');

  it.each([36, 39, 40])('gets a second entry that x-sluice-cluster steers, on Envoy 1.%i', (envoyMinor) => {
    const headers = [{ name: 'x-tenant', present_match: true }];
    const entry = { ...to('a', 'pay', { timeout: '9s' }), match: { prefix: '/pay', headers } };
    const options = { policy: rules, envoyMinor };
    const made = wiredValue(bootstrapOf({ routes: [entry] }), options);
    const [steered, fixed] = entries(made);
    expect(steered?.match).toEqual({
      prefix: '/pay',
      headers: [...headers, { name: 'x-sluice-cluster', present_match: true }],
    });
    expect(object(steered?.route)).toMatchObject({
      cluster_header: 'x-sluice-cluster',
      timeout: '9s',
      retry_policy: { num_retries: 0 },
    });
    expect(object(fixed?.route).cluster).toBe('a');
    expect(virtualHost(made).request_headers_to_remove).toEqual(['x-sluice-cluster']);
    expect(JSON.stringify(made)).not.toContain('inline_cluster_specifier_plugin');
    expect(faults(made, options)).toEqual([]);
    delete virtualHost(made).request_headers_to_remove;
    expect(faults(made, options)).toEqual(['host.cluster_header']);
  });

  it('is left alone where it leads elsewhere than the policy says', () => {
    const { warnings } = wired(bootstrapOf({ routes: [to('b', 'pay')] }), { policy: rules });
    expect(warnings.join()).toMatch(/does not lead to a, where the policy's routes.pay.cluster has it begin/);
    expect(faults(bootstrapOf({ routes: [to('b', 'pay')] }), { policy: rules })).toContain('route.other_cluster');
  });

  it('has to be named before Envoy 1.40: the warning says how', () => {
    const options = { policy: policy('clusters: { a: { fallback: [b] } }'), envoyMinor: 39 };
    expect(wired(bootstrapOf({ routes: [to('a', 'pay')] }), options).warnings.join()).toContain(
      'add routes: { pay: { cluster: a } }',
    );
    expect(wired(bootstrapOf({}), options).warnings.join()).toContain(
      'give it one, and add routes: { NAME: { cluster: a } }',
    );
    expect(wired(bootstrapOf({}), options).text).not.toContain('sluice.route');
  });
});

describe('names in the policy that fit nothing', () => {
  it('are noted, with what may have been meant', () => {
    const rules = policy('clusters: { primry: {}, "x*": {} }\nroutes: { chekout: {} }');
    const bootstrap = bootstrapOf({ routes: [to('primary', 'checkout')], clusters: [{ name: 'primary' }] });
    const notes = findings(bootstrap, { policy: rules }).filter(({ code }) => code.startsWith('policy.'));
    expect(notes.map(({ level, fix }) => [level, fix])).toEqual([
      ['note', 'did the policy mean primary?'],
      ['note', 'did the policy mean checkout?'],
    ]);
  });
});
