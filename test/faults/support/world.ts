// Envoy, Sluice and healthy upstreams, wired so that every part can be broken by itself: decisions go over a Unix socket,
// the trace through a relay, and Sluice listens to commands that only these tests can give.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { at, cluster, type Json, type JsonObject, list, object, ofType } from '../../support/bootstrap.js';
import { type Envoy, type EnvoyOptions, startEnvoy } from '../../support/envoy.js';
import { portsOf, startUpstreams, TearDown, type Upstreams } from '../../support/mesh.js';
import { somePort } from '../../support/ports.js';
import { hosts } from '../../support/routes.js';
import { type Sluice, type SluiceOptions, startSluice } from '../../support/sluice.js';
import { POLICY } from './policy.js';
import { startTraceRelay, type TraceRelay } from './trace-relay.js';

const PRELOAD = fileURLToPath(new URL('preload.mjs', import.meta.url));
const TRACE_CLUSTER = 'sluice_trace';

export class World implements AsyncDisposable {
  /** Path of the Unix socket that Envoy asks. */
  readonly socket: string;
  readonly upstreams: Upstreams;
  readonly trace: TraceRelay;
  /** Of Sluice, as it was started first. */
  readonly sluiceOptions: SluiceOptions;
  readonly #directory: string;
  readonly #envoyOptions: EnvoyOptions;
  readonly #stack: TearDown;
  #sluice: Sluice | null = null;
  #envoy: Envoy | null = null;

  constructor(parts: WorldParts) {
    this.socket = join(parts.directory, SOCKET);
    this.upstreams = parts.upstreams;
    this.trace = parts.trace;
    this.sluiceOptions = parts.sluiceOptions;
    this.#directory = parts.directory;
    this.#envoyOptions = parts.envoyOptions;
    this.#stack = parts.stack;
    // What runs at the end need not be what ran at the start.
    this.#stack.add(async () => this.#sluice?.stop());
    this.#stack.add(async () => this.#envoy?.stop());
  }

  /** The one of the moment. */
  get sluice(): Sluice {
    return present(this.#sluice);
  }

  get envoy(): Envoy {
    return present(this.#envoy);
  }

  /** Starts another Sluice in the place of one that is gone. */
  async startSluice(changes: Partial<SluiceOptions> = {}): Promise<void> {
    this.#sluice = await startSluice({ ...this.sluiceOptions, ...changes });
  }

  /** The same for Envoy, on the same port. It may still be there in a hot restart. */
  async startEnvoy(changes: Partial<EnvoyOptions> = {}): Promise<void> {
    this.#envoy = await startEnvoy({ ...this.#envoyOptions, ...changes });
  }

  /** See preload.mjs. */
  async command(name: 'block' | 'clock' | 'gc', ms = 0): Promise<void> {
    await writeFile(join(this.#directory, COMMANDS), `${name} ${ms}`);
    this.sluice.signal('SIGUSR2');
  }

  /** A file in a directory of this world's own. */
  file(name: string): string {
    return join(this.#directory, name);
  }

  /** Done when all of it is over, before what was there first. */
  atEnd(cleanUp: () => Promise<unknown>): void {
    this.#stack.add(cleanUp);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.run();
  }
}

function present<T>(part: T | null): T {
  if (part === null) throw new Error('the world is still starting');
  return part;
}

interface WorldParts {
  readonly directory: string;
  readonly upstreams: Upstreams;
  readonly trace: TraceRelay;
  readonly sluiceOptions: SluiceOptions;
  readonly envoyOptions: EnvoyOptions;
  readonly stack: TearDown;
}

const SOCKET = 'sluice.sock';
const COMMANDS = 'command';

/** @param envoy on top of what every world's Envoy has. */
export async function startWorld(envoy: EnvoyOptions = {}): Promise<World> {
  const stack = new TearDown();
  try {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
    stack.add(() => rm(directory, { recursive: true, force: true }));
    const sluiceOptions = await optionsOfSluice(directory);
    const upstreams = await startUpstreams({}, stack);
    const trace = await startTraceRelay(sluiceOptions.grpc);
    stack.add(() => trace.stop());
    const envoyOptions = {
      ports: portsOf(upstreams, {}, null),
      port: await somePort(),
      // As users have it: a Sluice that does not answer costs half a second.
      impatient: true,
      patch: (bootstrap: JsonObject) => wire(bootstrap, join(directory, SOCKET), trace.port),
      ...envoy,
    };
    const world = new World({ directory, upstreams, trace, sluiceOptions, envoyOptions, stack });
    await world.startSluice();
    await world.startEnvoy();
    return world;
  } catch (error) {
    await stack.run();
    throw error;
  }
}

async function optionsOfSluice(directory: string): Promise<SluiceOptions & { readonly grpc: string }> {
  return {
    policy: POLICY,
    grpc: `unix:${join(directory, SOCKET)}`,
    http: `127.0.0.1:${await somePort()}`,
    env: { NODE_OPTIONS: `--import=${PRELOAD}`, FAULT_COMMAND_FILE: join(directory, COMMANDS) },
  };
}

/** Decisions by the socket, the trace by the relay. */
function wire(bootstrap: JsonObject, socket: string, relayPort: number): void {
  const decisions = cluster(bootstrap, 'sluice');
  const trace = object(JSON.parse(JSON.stringify({ ...decisions, name: TRACE_CLUSTER })) as Json);
  Object.assign(trace, hosts(TRACE_CLUSTER, relayPort));
  const address = { address: { pipe: { path: socket } } };
  const endpoints = [{ lb_endpoints: [{ endpoint: address }] }];
  Object.assign(decisions, { load_assignment: { cluster_name: 'sluice', endpoints } });
  const clusters = at(bootstrap, 'static_resources', 'clusters');
  // The upstreams live in the test's own process: that it has a lot to do is no failure of theirs.
  for (const each of list(clusters)) each.connect_timeout = '10s';
  if (!Array.isArray(clusters)) throw new Error('static_resources.clusters is no list');
  clusters.push(trace);
  for (const log of ofType(bootstrap, 'HttpGrpcAccessLogConfig')) {
    object(at(log, 'common_config', 'grpc_service', 'envoy_grpc')).cluster_name = TRACE_CLUSTER;
  }
}
