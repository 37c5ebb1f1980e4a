// Everything at once, for one test: upstreams, Sluice and Envoy, each on ports of its own, all gone at the test's end.
//
//   await using mesh = await startMesh({ policy: {} });
//   const answer = await mesh.request('/primary/x');

import { type Ports, SLUICE_PORT } from './bootstrap.js';
import { type Answer, type RequestOptions, send, type Upgraded, upgrade } from './client.js';
import { type Envoy, type EnvoyOptions, startEnvoy } from './envoy.js';
import { type GrpcUpstream, startGrpcUpstream } from './grpc-upstream.js';
import { portOf, REFUSING_PORT, somePort } from './ports.js';
import { type Sluice, type SluiceOptions, startSluice } from './sluice.js';
import { startUpstream, type Upstream, type UpstreamOptions } from './upstream.js';

/** The upstreams of envoy.yaml and their ports there. `poolA` and `poolB` are the hosts of `pool`. */
const UPSTREAM_PORTS = {
  primary: 8081,
  provider: 8082,
  secondary: 8083,
  slow: 8085,
  flaky: 8086,
  secure: 8087,
  poolA: 8088,
  poolB: 8089,
} as const;
const GRPC_PORT = 8090;

export type UpstreamName = keyof typeof UPSTREAM_PORTS;
const NAMES = Object.keys(UPSTREAM_PORTS) as UpstreamName[];

export interface MeshOptions {
  /** null: no Sluice at all, and its port refuses. */
  readonly policy: SluiceOptions['policy'] | null;
  /** Each answers 200 unless told otherwise; `refused`: nobody listens there. `refusing` never has anybody. */
  readonly upstreams?: Readonly<Partial<Record<UpstreamName, UpstreamOptions | 'refused'>>>;
  readonly sluice?: Omit<SluiceOptions, 'policy'>;
  readonly envoy?: Omit<EnvoyOptions, 'ports'>;
}

export interface Upstreams extends Readonly<Record<UpstreamName, Upstream>> {
  readonly grpc: GrpcUpstream;
}

export interface Mesh extends AsyncDisposable {
  readonly upstreams: Upstreams;
  /** @throws Error in a mesh without Sluice. */
  readonly sluice: Sluice;
  readonly envoy: Envoy;
  /** Through Envoy. */
  request(path: string, options?: RequestOptions): Promise<Answer>;
  /** Asks for a WebSocket, sends `text` over it, and gives what came back once that was as long. */
  upgrade(path: string, text: string): Promise<Upgraded>;
  /** Stops Sluice if it still runs and starts it anew on the same address: `sluice` is the new one then. */
  restartSluice(): Promise<void>;
}

/** @throws Error with the words of the part that did not come up; the others are stopped then. */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const stack = new TearDown();
  try {
    const upstreams = await startUpstreams(options.upstreams ?? {}, stack);
    const process = await SluiceProcess.start(options, stack);
    const envoy = await startEnvoy({ ...options.envoy, ports: portsOf(upstreams, options, process?.sluice ?? null) });
    stack.add(() => envoy.stop());
    return mesh(upstreams, process, envoy, stack);
  } catch (error) {
    await stack.run();
    throw error;
  }
}

function mesh(upstreams: Upstreams, process: SluiceProcess | null, envoy: Envoy, stack: TearDown): Mesh {
  const present = () => {
    if (process === null) throw new Error('this mesh was started without Sluice (policy: null)');
    return process;
  };
  return {
    upstreams,
    envoy,
    get sluice() {
      return present().sluice;
    },
    restartSluice: () => present().restart(),
    request: (path, request) => send(envoy.port, path, request),
    upgrade: (path, text) => upgrade(envoy.port, path, text),
    [Symbol.asyncDispose]: () => stack.run(),
  };
}

/** The Sluice of the moment. */
class SluiceProcess {
  sluice: Sluice;
  readonly #options: SluiceOptions;

  static async start({ policy, sluice: more }: MeshOptions, stack: TearDown): Promise<SluiceProcess | null> {
    if (policy === null) return null;
    const options = { grpc: `127.0.0.1:${await somePort()}`, ...more, policy };
    const process = new SluiceProcess(await startSluice(options), options);
    stack.add(() => process.sluice.stop());
    return process;
  }

  constructor(sluice: Sluice, options: SluiceOptions) {
    this.sluice = sluice;
    this.#options = options;
  }

  async restart(): Promise<void> {
    await this.sluice.stop();
    this.sluice = await startSluice(this.#options);
  }
}

/** Stops in reverse order of starting. */
export class TearDown {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}

/** Those of envoy.yaml, each on a port of its own; `stack` is told how to stop them. */
export async function startUpstreams(
  wanted: NonNullable<MeshOptions['upstreams']>,
  stack: TearDown,
): Promise<Upstreams> {
  const start = async (name: UpstreamName): Promise<[UpstreamName, Upstream]> => {
    const options = wanted[name];
    const upstream = await startUpstream({
      ...(name === 'secure' ? { tls: 'secure' } : {}),
      ...(options === 'refused' ? {} : options),
    });
    stack.add(() => upstream.stop());
    return [name, upstream];
  };
  const [started, grpc] = await Promise.all([Promise.all(NAMES.map(start)), startGrpcUpstream()]);
  stack.add(() => grpc.stop());
  return { ...(Object.fromEntries(started) as Record<UpstreamName, Upstream>), grpc };
}

/** Port of envoy.yaml -> port of the test. */
export function portsOf(upstreams: Upstreams, options: Pick<MeshOptions, 'upstreams'>, sluice: Sluice | null): Ports {
  const port = (name: UpstreamName) => (options.upstreams?.[name] === 'refused' ? REFUSING_PORT : upstreams[name].port);
  return {
    ...Object.fromEntries(NAMES.map((name) => [UPSTREAM_PORTS[name], port(name)])),
    [GRPC_PORT]: upstreams.grpc.port,
    [SLUICE_PORT]: sluice === null ? REFUSING_PORT : portOf(sluice.grpc),
  };
}
