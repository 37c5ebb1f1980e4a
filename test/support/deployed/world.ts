// Upstreams, Sluice on a Unix socket and a control plane's proxy, for the tests of one file.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Answer, type RequestOptions, send } from '../client.js';
import { type Envoy, startEnvoy } from '../envoy.js';
import { REFUSING_PORT } from '../ports.js';
import { settled } from '../settled.js';
import { type Sluice, startSluice } from '../sluice.js';
import { startUpstream, type Upstream } from '../upstream.js';
import { type Holding, startHolding } from './holding.js';
import { type MeshProxy, writeProxy } from './proxy.js';

/** Those with an upstream of their own; each answers 200 unless told. */
const SERVING = ['payments', 'orders', 'ledger', 'cards', 'backup', 'calls', 'tripping'] as const;
export type Serving = (typeof SERVING)[number];
/** `closed` refuses connections, `held` holds requests until it is told to reset them. Of `orders` one host of two is gone. */
export const SERVICES: readonly string[] = [...SERVING, 'closed', 'held'];

export const TOKEN = 'for-the-test';

export interface WorldOptions {
  readonly proxy: MeshProxy;
  /** null: Sluice is away. */
  readonly policy: object | null;
  readonly version?: string;
}

export interface World {
  readonly proxy: MeshProxy;
  readonly envoy: Envoy;
  /** @throws Error where Sluice is away. */
  readonly sluice: Sluice;
  readonly upstreams: Readonly<Record<Serving, Upstream>>;
  readonly held: Holding;
  /** To a service, by the host name that the proxy knows it by. */
  request(service: string, path: string, options?: RequestOptions): Promise<Answer>;
}

/** Call it where hooks may be declared; the properties are there from the first test on. */
export function useWorld(options: WorldOptions): World {
  let parts: Awaited<ReturnType<typeof start>> | undefined;
  beforeAll(async () => {
    parts = await start(options);
  });
  afterAll(async () => {
    for (const stop of parts?.stops.reverse() ?? []) await stop();
  });
  const up = () => {
    if (parts === undefined) throw new Error('the world is not up: use it in tests and hooks only');
    return parts;
  };
  return {
    proxy: options.proxy,
    get envoy() {
      return up().envoy;
    },
    get sluice() {
      const { sluice } = up();
      if (sluice === null) throw new Error('this world was started without Sluice');
      return sluice;
    },
    get upstreams() {
      return up().upstreams;
    },
    get held() {
      return up().held;
    },
    request: (service, path, request = {}) => {
      const headers = { ...request.headers, host: options.proxy.host(service) };
      return send(up().envoy.port, path, { ...request, headers });
    },
  };
}

async function start({ proxy, policy, version }: WorldOptions) {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-run-'));
    stops.push(() => rm(directory, { recursive: true, force: true }));
    const socket = join(directory, 'sluice.sock');
    const { upstreams, held, ports } = await startUpstreams(stops);
    const env = { SLUICE_ADMIN_TOKEN: TOKEN };
    const sluice = policy === null ? null : await startSluice({ policy, grpc: `unix:${socket}`, env });
    if (sluice !== null) stops.push(() => sluice.stop());
    const { file, remove } = await writeProxy(proxy, ports, socket);
    stops.push(remove);
    const envoy = await startEnvoy({
      config: file,
      listener: proxy.listener,
      ...(version === undefined ? {} : { version }),
    });
    stops.push(() => envoy.stop());
    if (sluice !== null) await warmUp(envoy, sluice);
    return { stops, upstreams, held, sluice, envoy };
  } catch (error) {
    for (const stop of stops.reverse()) await stop();
    throw error;
  }
}

async function startUpstreams(stops: (() => Promise<unknown>)[]) {
  const started = await Promise.all(SERVING.map(async (name) => [name, await startUpstream()] as const));
  const held = await startHolding();
  stops.push(
    () => held.stop(),
    ...started.map(
      ([, upstream]) =>
        () =>
          upstream.stop(),
    ),
  );
  const upstreams = Object.fromEntries(started) as Record<Serving, Upstream>;
  const ports = Object.fromEntries(started.map(([name, { port }]) => [name, [port]]));
  ports.orders = [REFUSING_PORT, upstreams.orders.port];
  ports.closed = [REFUSING_PORT];
  ports.held = [held.port];
  return { upstreams, held, ports };
}

/** The first decision of a process takes longest; a host that nobody knows leaves no trace that a test looks for. */
async function warmUp(envoy: Envoy, sluice: Sluice): Promise<void> {
  await send(envoy.port, '/', { headers: { host: 'nobody.invalid' } });
  await settled({ sluice });
}
