// Where connection managers are found, which of them are wired, and what is said of those that are not in the file.

import { describe, expect, it } from 'vitest';
import { at, type JsonObject, list, object, ofType } from '../support/bootstrap.js';
import { bootstrapOf, faults, findings, wired, wiredValue } from './support.js';

const listeners = (bootstrap: JsonObject) => list(at(bootstrap, 'static_resources', 'listeners'));
const processors = (value: JsonObject) => ofType(value, 'ExternalProcessor').length;

function withListeners(...names: string[]): JsonObject {
  const bootstrap = bootstrapOf({});
  const [first] = listeners(bootstrap);
  const copies = names.map((name) => ({ ...structuredClone(object(first)), name }));
  object(bootstrap.static_resources).listeners = copies;
  return bootstrap;
}

describe('a connection manager', () => {
  it('is found in every filter chain, the default one included', () => {
    const bootstrap = bootstrapOf({});
    const listener = object(listeners(bootstrap)[0]);
    const chain = object(at(listener, 'filter_chains', 0));
    listener.filter_chains = [chain, structuredClone(chain)];
    listener.default_filter_chain = structuredClone(chain);
    const made = wiredValue(bootstrap);
    expect(ofType(made, 'HttpConnectionManager').map(processors)).toEqual([2, 2, 2]);
  });

  it('is known by its type, whatever its filter is called, and in either spelling', () => {
    const text = JSON.stringify(bootstrapOf({}))
      .replaceAll('typed_config', 'typedConfig')
      .replaceAll('http_filters', 'httpFilters')
      .replaceAll('route_config', 'routeConfig')
      .replaceAll('virtual_hosts', 'virtualHosts')
      .replaceAll('filter_chains', 'filterChains')
      .replaceAll('static_resources', 'staticResources');
    const made = JSON.parse(wired(text).text) as JsonObject;
    expect(processors(made)).toBe(2);
    expect(Object.keys(object(made.staticResources)).sort()).toEqual(['clusters', 'listeners']);
    expect(ofType(made, 'HttpConnectionManager').every((each) => each.http_filters === undefined)).toBe(true);
    expect(faults(wired(text).text)).toEqual([]);
  });

  it('is left as it is where its listener or stat_prefix is not chosen', () => {
    const made = wiredValue(withListeners('ingress', 'egress-a', 'egress-b'), { listeners: ['egress-*'] });
    expect(listeners(made).map(processors)).toEqual([0, 2, 2]);
    expect(listeners(wiredValue(withListeners('a', 'b'), { listeners: ['b'] })).map(processors)).toEqual([0, 2]);
    const two = withListeners('a', 'b');
    object(ofType(two, 'HttpConnectionManager')[1]).stat_prefix = 'other';
    expect(listeners(wiredValue(two, { statPrefixes: ['other'] })).map(processors)).toEqual([0, 2]);
  });

  it('that has nothing of Sluice, beside others that have, is one finding and not twenty', () => {
    const partly = wired(withListeners('inbound', 'outbound'), { listeners: ['outbound'] }).text;
    const [found, ...more] = findings(partly).filter(({ level }) => level !== 'note');
    expect([found?.code, more]).toEqual(['manager.untouched', []]);
    expect(found?.fix).toContain('--listener inbound');
    expect(faults(partly, { listeners: ['outbound'] })).toEqual([]);
    expect(faults(partly, { listeners: ['inbound'] })).toContain('admission.missing');
  });

  it('without a router is left as it is, and that is said', () => {
    const bootstrap = bootstrapOf({ manager: { http_filters: [{ name: 'x', config_discovery: {} }] } });
    expect(wired(bootstrap).warnings.join()).toMatch(/http_filters has no router that is written out here/);
    expect(processors(wiredValue(bootstrap))).toBe(0);
  });
});

describe('what comes from a control plane', () => {
  it.each([
    ['RDS', { manager: { rds: { route_config_name: 'x' }, route_config: null } }, /typed_config.rds brings routes/],
    ['scoped RDS', { manager: { scoped_routes: { scoped_rds: {} } } }, /scoped_routes.scoped_rds brings routes/],
    ['CDS', { root: { dynamic_resources: { cds_config: {} } } }, /dynamic_resources.cds_config brings clusters/],
    ['LDS', { root: { dynamic_resources: { lds_config: {} } } }, /dynamic_resources.lds_config brings listeners/],
    ['VHDS', { manager: { route_config: { vhds: {} } } }, /route_config.vhds brings virtual hosts/],
    ['a matcher tree', { host: { matcher: {} } }, /virtual_hosts\[0\].matcher routes by a matcher tree/],
  ])('is named as such: %s. The rest is wired all the same', (_what, parts, message) => {
    const { warnings, text } = wired(bootstrapOf(parts as never));
    expect(warnings.join('\n')).toMatch(message);
    expect(processors(JSON.parse(text) as JsonObject)).toBe(2);
    expect(faults(text)).toEqual([]);
    expect(findings(text).map(({ level }) => level)).toContain('note');
  });

  it('may be all of the listeners: then what is in the file is wired', () => {
    const bootstrap = { dynamic_resources: { lds_config: {} }, static_resources: { clusters: [] } };
    const made = wiredValue(bootstrap);
    expect(list(at(made, 'static_resources', 'clusters')).map(({ name }) => name)).toEqual(['sluice']);
    expect(made.layered_runtime).toBeDefined();
  });

  it('is no reason to call a fallback unknown: it may be among what comes', async () => {
    const { policy } = await import('./support.js');
    const bootstrap = bootstrapOf({ root: { dynamic_resources: { cds_config: {} } } });
    const options = { policy: policy('clusters: { a: { fallback: [far] } }') };
    const found = findings(wired(bootstrap, options).text, options);
    expect(found.find(({ code }) => code === 'policy.unknown_fallback')?.level).toBe('note');
  });
});

describe('routes by scope', () => {
  it('are wired where they are written out', () => {
    const routeConfig = {
      virtual_hosts: [{ name: 'x', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'a' } }] }],
    };
    const scopes = [{ name: 's', key: {}, route_configuration: routeConfig }];
    const manager = {
      route_config: {},
      scoped_routes: { scoped_route_configurations_list: { scoped_route_configurations: scopes } },
    };
    const made = wiredValue(bootstrapOf({ manager: manager as never }));
    expect(JSON.stringify(made)).toContain('"include_request_attempt_count":true');
    expect(JSON.stringify(made)).toContain('"retry_back_off"');
  });
});
