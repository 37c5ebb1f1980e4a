// Bootstraps as people have them, each with the policy that it is wired for and what to send through it afterwards.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RequestOptions } from '../../support/client.js';
import { ENVOY_VERSION } from '../../support/envoy-binary.js';

export interface Sent extends RequestOptions {
  readonly path: string;
}

export interface Fixture {
  readonly name: string;
  readonly extension: 'yaml' | 'json';
  /** Of the Envoy that runs it. */
  readonly version: string;
  /** What listens behind each port that the file names; of `socket`, the path that it names. */
  readonly upstreams: Readonly<Record<number, 'http' | 'tls' | 'grpc' | 'refused'>>;
  readonly socket?: string;
  /** Sluice listens on a Unix socket. */
  readonly bySocket?: boolean;
  /** A request that is saved by a retry: the clusters of its attempts, the first of which refuses connections. */
  readonly saved: { readonly sent: Sent; readonly listener: string; readonly clusters: readonly string[] };
  /** Requests that fail until the circuit of their cluster opens. `port`: of its upstream; null: the one on the socket. */
  readonly broken: {
    readonly sent: Sent;
    readonly listener: string;
    readonly cluster: string;
    readonly port: number | null;
  };
}

const grpc = { method: 'POST', headers: { 'content-type': 'application/grpc', te: 'trailers' } };

export const FIXTURES: readonly Fixture[] = [
  {
    name: 'edge',
    extension: 'yaml',
    version: ENVOY_VERSION,
    upstreams: { 8081: 'refused', 8082: 'http', 8087: 'tls' },
    saved: {
      sent: { path: '/basket', headers: { host: 'shop.example' } },
      listener: 'edge',
      clusters: ['shop', 'shop-west'],
    },
    broken: {
      sent: { path: '/items', headers: { host: 'api.example' } },
      listener: 'edge',
      cluster: 'api',
      port: 8087,
    },
  },
  {
    name: 'model-gateway',
    extension: 'json',
    version: ENVOY_VERSION,
    upstreams: { 8081: 'refused', 8082: 'http', 8083: 'http', 8084: 'http' },
    saved: {
      sent: { path: '/v1/chat/completions', method: 'POST', body: '{}', headers: { 'x-provider': 'first' } },
      listener: 'models',
      clusters: ['provider-first', 'provider-second'],
    },
    broken: { sent: { path: '/v1/embeddings' }, listener: 'models', cluster: 'embeddings', port: 8083 },
  },
  {
    name: 'istio-sidecar',
    extension: 'yaml',
    version: ENVOY_VERSION,
    upstreams: { 8081: 'refused', 8082: 'http', 8083: 'http' },
    saved: {
      sent: { path: '/reviews/1', headers: { host: 'reviews' } },
      listener: '0.0.0.0_80',
      clusters: ['outbound|80||reviews.shop.svc.cluster.local', 'outbound|80|v2|reviews.shop.svc.cluster.local'],
    },
    broken: {
      sent: { path: '/ratings/1', headers: { host: 'ratings' } },
      listener: '0.0.0.0_80',
      cluster: 'outbound|80||ratings.shop.svc.cluster.local',
      port: 8083,
    },
  },
  {
    name: 'grpc-front',
    extension: 'yaml',
    version: ENVOY_VERSION,
    upstreams: { 8081: 'refused', 8082: 'grpc', 8083: 'grpc', 8084: 'grpc' },
    saved: {
      sent: { path: '/shop.Orders/Place', ...grpc },
      listener: 'front',
      clusters: ['orders', 'orders-standby'],
    },
    broken: { sent: { path: '/shop.Catalogue/List', ...grpc }, listener: 'front', cluster: 'catalogue', port: 8084 },
  },
  {
    name: 'monolith',
    extension: 'yaml',
    version: ENVOY_VERSION,
    upstreams: { 8081: 'refused', 8082: 'http' },
    socket: '/run/reports/reports.sock',
    bySocket: true,
    saved: { sent: { path: '/basket' }, listener: 'public', clusters: ['app', 'spare'] },
    broken: { sent: { path: '/reports/1' }, listener: 'inside', cluster: 'reports', port: null },
  },
  {
    name: 'lts',
    extension: 'yaml',
    version: '1.36.2',
    upstreams: { 8081: 'refused', 8082: 'http', 8083: 'http', 8084: 'http', 8085: 'http' },
    saved: {
      sent: { path: '/pages/1', headers: { host: 'main.example' } },
      listener: 'main',
      clusters: ['pages', 'pages'],
    },
    broken: {
      sent: { path: '/blog/1', headers: { host: 'main.example' } },
      listener: 'main',
      cluster: 'blog',
      port: 8085,
    },
  },
];

export function fixtureNamed(name: string): Fixture {
  const found = FIXTURES.find((fixture) => fixture.name === name);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
}

export function bootstrapText({ name, extension }: Pick<Fixture, 'name' | 'extension'>): string {
  return readFileSync(fixtureFile(`${name}.${extension}`), 'utf8');
}

export function policyFile({ name }: Pick<Fixture, 'name'>): string {
  return fixtureFile(`${name}.policy.yaml`);
}

export function fixtureFile(name: string): string {
  return fileURLToPath(new URL(`../bootstraps/${name}`, import.meta.url));
}
