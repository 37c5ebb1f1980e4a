// The pods' bootstrap is a copy of what matters in envoy.yaml. A copy that nobody compares goes stale.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  at,
  cluster,
  connectionManager,
  type JsonObject,
  list,
  object,
  ofType,
  readBootstrap,
  route,
  virtualHost,
} from '../support/bootstrap.js';
import { validate } from '../support/envoy.js';

const file = (component: string) =>
  fileURLToPath(new URL(`../../deploy/kubernetes/components/${component}/envoy.yaml`, import.meta.url));

const whole = readBootstrap();
const pod = readBootstrap(file('sidecars'));

const without = (value: JsonObject, ...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));

describe("the pods' bootstrap", () => {
  it.each(['sidecars', 'tcp'])('is one to Envoy: %s', async (component) => {
    const { ok, log } = await validate(file(component));
    expect(log).not.toMatch(/deprecated/i);
    expect(ok).toBe(true);
  });

  it('has the runtime flag of envoy.yaml', () => {
    expect(pod.layered_runtime).toEqual(whole.layered_runtime);
  });

  it('has its connection manager: protection against forgery, trace, admission and gate', () => {
    const own = ['stat_prefix', 'route_config'];
    expect(without(connectionManager(pod), ...own)).toEqual(without(connectionManager(whole), ...own));
  });

  it('has its virtual host and routes, but for their names', () => {
    const names = ['routes', 'name', 'domains'];
    expect(without(virtualHost(pod), ...names)).toEqual(without(virtualHost(whole), ...names));
    const [here, there] = [route(pod, 'catalog'), route(whole, 'primary')].map((one) => object(one.route));
    const text = JSON.stringify(without(there ?? {}, 'prefix_rewrite')).replaceAll('"primary"', '"catalog"');
    expect(without(here ?? {}, 'prefix_rewrite')).toEqual(JSON.parse(text));
  });

  it('has its cluster of Sluice, but for the address', () => {
    const one = (bootstrap: JsonObject) => without(cluster(bootstrap, 'sluice'), 'load_assignment');
    expect(one(pod)).toEqual(one(whole));
    expect(cluster(pod, 'catalog').circuit_breakers).toEqual(cluster(whole, 'primary').circuit_breakers);
  });

  it('keeps the admin interface to the pod, and shows others two pages of it, to read', () => {
    const [, inbound, metrics] = list(at(pod, 'static_resources', 'listeners'));
    expect(JSON.stringify(pod.admin)).toContain('"127.0.0.1"');
    expect(JSON.stringify(inbound)).not.toContain('"admin"');
    const toAdmin = ofType(metrics ?? {}, 'HttpConnectionManager').flatMap((manager) =>
      list(at(manager, 'route_config', 'virtual_hosts', 0, 'routes')),
    );
    const method = { name: ':method', string_match: { exact: 'GET' } };
    expect(toAdmin.map(({ match }) => match)).toEqual([
      { path: '/stats/prometheus', headers: [method] },
      { path: '/ready', headers: [method] },
    ]);
  });
});

it('the bootstrap for TCP is the same, but for the address of Sluice', () => {
  const pipe = 'pipe: { path: /run/sluice/sluice.sock }';
  const text = readFileSync(file('sidecars'), 'utf8');
  expect(text.split(pipe)).toHaveLength(2);
  const changed = text.replace(pipe, 'socket_address: { address: 127.0.0.1, port_value: 9002 }');
  expect(readFileSync(file('tcp'), 'utf8')).toBe(changed);
});
