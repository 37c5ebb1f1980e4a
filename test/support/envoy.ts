// A real Envoy for one test: a child process on ports that it picks itself, so that any number run side by side.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ENVOY_YAML,
  type JsonObject,
  LISTENER_PORT,
  type Ports,
  parseBootstrap,
  patient,
  substitutePorts,
} from './bootstrap.js';
import { type Child, startChild } from './child.js';
import { ENVOY_VERSION, envoyBinary } from './envoy-binary.js';
import { eventually } from './eventually.js';
import { portOf } from './ports.js';

const START_TIMEOUT_MS = 60_000;

export interface EnvoyOptions {
  /** Path of the bootstrap; this repository's envoy.yaml unless told. */
  readonly config?: string;
  /** Port as written there -> port to use. Listener and admin need no entry; all others refuse unless they have one. */
  readonly ports?: Ports;
  /** Where it listens; Envoy picks unless told. */
  readonly port?: number;
  /** The listener whose port is `port` of the handle; of several the last one unless told. */
  readonly listener?: string;
  /** With the file's own limit for Sluice's answers, for tests that are about it; otherwise `patient` lengthens that. */
  readonly impatient?: boolean;
  /** For the odd case: changes a parsed copy of the bootstrap, ports already substituted. */
  readonly patch?: (bootstrap: JsonObject) => void;
  readonly version?: string;
  /** Worker threads; 1 unless told. */
  readonly concurrency?: number;
  /** Envoy's own log level; `warning` unless told. */
  readonly logLevel?: string;
  /** Takes part in hot restarts: those with the same base id take over from each other, epoch after epoch from 0. */
  readonly hotRestart?: { readonly baseId: number; readonly epoch: number; readonly drainS: number };
}

export interface Envoy {
  readonly port: number;
  readonly adminPort: number;
  readonly pid: number;
  /** What Envoy logged. */
  log(): string;
  /** Every counter and gauge whose name starts with `prefix`. */
  stats(prefix: string): Promise<ReadonlyMap<string, number>>;
  /** One counter or gauge by its full name; 0 where Envoy has none of that name (yet). */
  counter(name: string): Promise<number>;
  /** The answer of the admin interface to a GET, or to a POST. */
  admin(path: string, method?: 'GET' | 'POST'): Promise<string>;
  stop(): Promise<void>;
  /** Resolves once it is gone by itself, as the parent in a hot restart goes. */
  exited(): Promise<number | null>;
}

/** Resolves when Envoy serves. @throws Error with Envoy's own words when it does not come up. */
export async function startEnvoy(options: EnvoyOptions = {}): Promise<Envoy> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-envoy-'));
  const config = await writeConfig(directory, options);
  const addressFile = join(directory, 'admin-address');
  const child = await startChild(await envoyBinary(options.version ?? ENVOY_VERSION), [
    ...['-c', config, '--admin-address-path', addressFile, ...hotRestartArgs(options)],
    ...['--concurrency', String(options.concurrency ?? 1), '--log-level', options.logLevel ?? 'warning'],
  ]);
  const stop = async () => {
    await child.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const adminPort = await untilUp(child, async () => portOf(await readFile(addressFile, 'utf8')));
    const port = await untilUp(child, () => listenerPort(adminPort, options.listener));
    return handle(child, adminPort, port, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function hotRestartArgs({ hotRestart }: EnvoyOptions): string[] {
  if (hotRestart === undefined) return ['--disable-hot-restart'];
  const { baseId, epoch, drainS } = hotRestart;
  // The parent goes as soon as the drain is over.
  return [
    ...['--base-id', String(baseId), '--restart-epoch', String(epoch)],
    ...['--drain-time-s', String(drainS), '--parent-shutdown-time-s', String(drainS + 1)],
  ];
}

/** Runs `envoy --mode validate`; resolves with what it said. */
export async function validate(config: string, version: string = ENVOY_VERSION): Promise<{ ok: boolean; log: string }> {
  const child = await startChild(await envoyBinary(version), ['--mode', 'validate', '-c', config]);
  const code = await child.exited();
  return { ok: code === 0, log: child.stdout() + child.stderr() };
}

async function writeConfig(directory: string, options: EnvoyOptions): Promise<string> {
  const ports = { [LISTENER_PORT]: options.port ?? 0, ...options.ports };
  const shipped = substitutePorts(await readFile(options.config ?? ENVOY_YAML, 'utf8'), ports);
  const text = options.impatient === true ? shipped : patient(shipped);
  const config = join(directory, options.patch === undefined ? 'envoy.yaml' : 'envoy.json');
  await writeFile(config, options.patch === undefined ? text : patched(text, options.patch));
  return config;
}

function patched(text: string, patch: (bootstrap: JsonObject) => void): string {
  const bootstrap = parseBootstrap(text);
  patch(bootstrap);
  return JSON.stringify(bootstrap);
}

/** Repeats until it works, but not once Envoy is gone. */
async function untilUp<T>(child: Child, attempt: () => Promise<T>): Promise<T> {
  const said = () => `Envoy did not come up (exit code ${child.exitCode()}). It said:\n${child.stderr()}`;
  let gone = false;
  const result = await eventually(async () => {
    gone = child.hasExited();
    return gone ? undefined : await attempt();
  }, START_TIMEOUT_MS).catch((cause: unknown) => {
    throw new Error(said(), { cause });
  });
  if (gone || result === undefined) throw new Error(said());
  return result;
}

async function adminRequest(adminPort: number, path: string, method = 'GET'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, { method });
  const text = await response.text();
  if (!response.ok) throw new Error(`Envoy's admin answered ${path} with ${response.status}: ${text}`);
  return text;
}

async function listenerPort(adminPort: number, name = ''): Promise<number> {
  await adminRequest(adminPort, '/ready');
  // One line per listener: "<name>::<address>:<port>".
  const lines = (await adminRequest(adminPort, '/listeners')).trim().split('\n');
  const line = lines.filter((each) => each.startsWith(name)).at(-1);
  if (line === undefined) throw new Error(`no listener ${name} in: ${lines.join(', ')}`);
  return portOf(line);
}

function handle(child: Child, adminPort: number, port: number, stop: () => Promise<void>): Envoy {
  const stats = async (prefix: string) => {
    const text = await adminRequest(adminPort, `/stats?filter=${encodeURIComponent(`^${literal(prefix)}`)}`);
    return new Map(text.split('\n').flatMap(parseStat));
  };
  return {
    port,
    adminPort,
    pid: child.pid,
    log: child.stderr,
    stats,
    counter: async (name) => (await stats(name)).get(name) ?? 0,
    admin: (path, method) => adminRequest(adminPort, path, method),
    stop,
    exited: child.exited,
  };
}

/** Histograms and texts are left out. */
function parseStat(line: string): [string, number][] {
  const colon = line.lastIndexOf(': ');
  const value = line.slice(colon + 2);
  return colon > 0 && value !== '' && Number.isFinite(Number(value)) ? [[line.slice(0, colon), Number(value)]] : [];
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
