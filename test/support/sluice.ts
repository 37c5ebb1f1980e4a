// Sluice as its users run it: the built program, a policy file, two addresses. Nothing is reached into.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type Child, startChild } from './child.js';
import { eventually } from './eventually.js';
import { type Metrics, parseMetrics } from './metrics.js';
import type { CircuitView, RequestView } from './views.js';

export const MAIN_JS = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const START_TIMEOUT_MS = 60_000;

export interface SluiceOptions {
  /** YAML text, or an object to write as YAML. */
  readonly policy: string | object;
  /** More arguments for `sluice serve`. */
  readonly args?: readonly string[];
  /** On top of this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `host:port` or `unix:/path`; a free port of 127.0.0.1 unless told. */
  readonly grpc?: string;
  readonly http?: string;
  /** Where its log goes, in place of `logs()`. Both addresses have to be given then, ports and all. */
  readonly stdout?: string;
}

export type LogLine = Readonly<Record<string, unknown>>;

export interface Sluice {
  /** As bound: `host:port`, or `unix:/path`. */
  readonly grpc: string;
  readonly http: string;
  readonly pid: number;
  readonly policyFile: string;
  /** Writes the policy file anew; Sluice notices by itself. */
  writePolicy(policy: string | object): Promise<void>;
  /** Any request to its HTTP side. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  metrics(): Promise<Metrics>;
  circuits(): Promise<readonly CircuitView[]>;
  /** @throws Error when that cluster has no circuit (yet). */
  circuit(cluster: string): Promise<CircuitView>;
  /** Newest first. */
  requests(): Promise<readonly RequestView[]>;
  /** Its log lines so far, parsed. */
  logs(): readonly LogLine[];
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, as a crash would. */
  kill(): Promise<void>;
}

/** Resolves when it listens. @throws Error with its own words when it does not come up. */
export async function startSluice(options: SluiceOptions): Promise<Sluice> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
  const policyFile = join(directory, 'policy.yaml');
  const writePolicy = (policy: string | object) => writeFile(policyFile, asText(policy));
  await writePolicy(options.policy);
  const env = { ...process.env, ...options.env };
  const child = await startChild(
    process.execPath,
    commandLine(policyFile, options),
    env,
    options.stdout === undefined ? {} : { stdout: options.stdout },
  );
  const cleanUp = () => rm(directory, { recursive: true, force: true });
  try {
    const addresses = options.stdout === undefined ? await listening(child) : await ready(options);
    return handle(child, addresses, { policyFile, writePolicy }, cleanUp);
  } catch (error) {
    await child.stop();
    await cleanUp();
    throw error;
  }
}

function asText(policy: string | object): string {
  return typeof policy === 'string' ? policy : stringify(policy);
}

function commandLine(policyFile: string, options: SluiceOptions): string[] {
  const { grpc = '127.0.0.1:0', http = '127.0.0.1:0', args = [] } = options;
  return [MAIN_JS, 'serve', '--policy', policyFile, '--grpc', grpc, '--http', http, ...args];
}

interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

/** The start-up log line with the fields `grpc` and `http`, the addresses as bound, is part of Sluice's interface. */
async function listening(child: Child): Promise<Addresses> {
  const found = await eventually(() => {
    const addresses = parseLog(child.stdout()).flatMap(toAddresses)[0];
    if (addresses === undefined && !child.hasExited()) throw new Error('no line with the fields grpc and http yet');
    return addresses;
  }, START_TIMEOUT_MS).catch(() => undefined);
  if (found !== undefined) return found;
  const said = `${child.stdout()}${child.stderr()}`;
  throw new Error(`Sluice did not say where it listens (exit code ${child.exitCode()}). It said:\n${said}`);
}

/** Without a log to read. */
async function ready({ grpc = '', http = '' }: SluiceOptions): Promise<Addresses> {
  await eventually(async () => {
    if (!(await fetch(`http://${http}/readyz`)).ok) throw new Error(`Sluice on ${http} is not ready`);
  }, START_TIMEOUT_MS);
  return { grpc, http };
}

function toAddresses({ grpc, http }: LogLine): Addresses[] {
  return typeof grpc === 'string' && typeof http === 'string' ? [{ grpc, http }] : [];
}

/** Lines that are not JSON are left out; so is the last one while it is being written. */
function parseLog(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{') || !line.endsWith('}')) return [];
    return [JSON.parse(line) as LogLine];
  });
}

type PolicyFile = Pick<Sluice, 'policyFile' | 'writePolicy'>;

function handle(child: Child, addresses: Addresses, file: PolicyFile, cleanUp: () => Promise<void>): Sluice {
  const get = (path: string, init?: RequestInit) => fetch(`http://${addresses.http}${path}`, init);
  const read = async (path: string) => {
    const response = await get(path);
    const text = await response.text();
    if (!response.ok) throw new Error(`Sluice answered ${path} with ${response.status}: ${text}`);
    return text;
  };
  const circuits = async () => (JSON.parse(await read('/circuits')) as { circuits: CircuitView[] }).circuits;
  return {
    ...addresses,
    ...file,
    pid: child.pid,
    fetch: get,
    metrics: async () => parseMetrics(await read('/metrics')),
    circuits,
    circuit: async (cluster) => {
      const found = (await circuits()).find((circuit) => circuit.cluster === cluster);
      if (found === undefined) throw new Error(`no circuit of ${cluster} yet`);
      return found;
    },
    requests: async () => (JSON.parse(await read('/requests')) as { requests: RequestView[] }).requests,
    logs: () => parseLog(child.stdout()),
    stderr: child.stderr,
    signal: child.signal,
    stop: async () => {
      const code = await child.stop();
      await cleanUp();
      return code;
    },
    kill: async () => {
      child.signal('SIGKILL');
      await child.exited();
      await cleanUp();
    },
  };
}
