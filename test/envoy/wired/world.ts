// A fixture at work: its upstreams, Sluice under its policy, and a real Envoy with the bootstrap that the command made.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { respond } from '../../support/behaviour.js';
import { type Answer, send } from '../../support/client.js';
import { type Envoy, startEnvoy } from '../../support/envoy.js';
import { type GrpcUpstream, grpcStatus, startGrpcUpstream } from '../../support/grpc-upstream.js';
import { portOf, REFUSING_PORT } from '../../support/ports.js';
import { type Sluice, startSluice } from '../../support/sluice.js';
import { startUpstream, type Upstream } from '../../support/upstream.js';
import { sluiceEnvoy } from './command.js';
import { bootstrapText, type Fixture, policyFile, type Sent } from './fixtures.js';

export interface Wired extends AsyncDisposable {
  readonly sluice: Sluice;
  readonly envoy: Envoy;
  /** The file that Envoy runs, but for the time that Sluice has to answer. */
  readonly file: string;
  send(listener: string, sent: Sent): Promise<Answer>;
  /** Requests that reached the upstream of a port. */
  received(port: number): number;
  /** From now on, the upstream of that port (null: of the socket) answers so. */
  fail(port: number | null): void;
  /** The upstream of that port answers the next requests so, one after the other; the last status stays. */
  answer(port: number, ...statuses: readonly number[]): void;
}

/** What is at stake here is what Envoy does. A machine too busy to answer in time is another matter. */
const PATIENT: readonly [RegExp, string] = [/(?<!max_)(message_timeout"?: "?)0\.5s/g, '$110s'];

export async function startWired(fixture: Fixture): Promise<Wired> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-wired-'));
  const steps: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const tearDown = async () => {
    for (const step of steps.splice(0).reverse()) await step();
  };
  try {
    const upstreams = new Upstreams();
    steps.push(() => upstreams.stop());
    await upstreams.start(fixture, join(directory, 'upstream.sock'));
    const policy = await readFile(policyFile(fixture), 'utf8');
    const address = fixture.bySocket === true ? { grpc: `unix:${join(directory, 'sluice.sock')}` } : {};
    const sluice = await startSluice({ policy, ...address });
    steps.push(() => sluice.stop());
    const file = join(directory, `envoy.${fixture.extension}`);
    await writeFile(file, await wiredText(fixture, upstreams, sluice.grpc));
    const envoy = await startEnvoy({ config: file, ports: upstreams.asTheyAre(sluice.grpc), version: fixture.version });
    steps.push(() => envoy.stop());
    return world(upstreams, sluice, envoy, file, tearDown);
  } catch (error) {
    await tearDown();
    throw error;
  }
}

export function versionFlag({ version }: Fixture): string[] {
  return ['--envoy-version', version];
}

async function wiredText(fixture: Fixture, upstreams: Upstreams, grpc: string): Promise<string> {
  const text = upstreams.into(bootstrapText(fixture));
  const args = ['--policy', policyFile(fixture), '--sluice', grpc, ...versionFlag(fixture), '-'];
  const { code, stdout, stderr } = await sluiceEnvoy(args, text);
  if (code !== 0) throw new Error(`sluice envoy ended with ${code}: ${stderr}`);
  return stdout.replaceAll(...PATIENT);
}

function world(upstreams: Upstreams, sluice: Sluice, envoy: Envoy, file: string, tearDown: () => Promise<void>): Wired {
  return {
    sluice,
    envoy,
    file,
    send: async (listener, { path, ...options }) => send(await listenerPort(envoy, listener), path, options),
    received: (port) => upstreams.received(port),
    fail: (port) => upstreams.fail(port),
    answer: (port, ...statuses) => upstreams.answer(port, statuses),
    [Symbol.asyncDispose]: tearDown,
  };
}

/** Of a line `<name>::<address>:<port>`. */
async function listenerPort(envoy: Envoy, listener: string): Promise<number> {
  const lines = (await envoy.admin('/listeners')).trim().split('\n');
  const line = lines.find((each) => each.startsWith(`${listener}::`));
  if (line === undefined) throw new Error(`no listener ${listener} in ${lines.join(', ')}`);
  return portOf(line);
}

class Upstreams {
  readonly #http = new Map<number, Upstream>();
  readonly #grpc = new Map<number, GrpcUpstream>();
  readonly #ports = new Map<number, number>();
  #socket: { readonly from: string; readonly to: string } | null = null;
  #socketStatus = 200;
  readonly #steps: (() => Promise<unknown>)[] = [];

  async start(fixture: Fixture, socket: string): Promise<void> {
    for (const [port, kind] of Object.entries(fixture.upstreams)) {
      this.#ports.set(Number(port), kind === 'refused' ? REFUSING_PORT : await this.#startOne(Number(port), kind));
    }
    if (fixture.socket === undefined) return;
    const server = createServer((_request, response) => response.writeHead(this.#socketStatus).end());
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    this.#steps.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    this.#socket = { from: fixture.socket, to: socket };
  }

  async #startOne(port: number, kind: 'http' | 'tls' | 'grpc'): Promise<number> {
    if (kind === 'grpc') {
      const upstream = await startGrpcUpstream();
      this.#grpc.set(port, upstream);
      return upstream.port;
    }
    const upstream = await startUpstream(kind === 'tls' ? { tls: 'secure' } : {});
    this.#http.set(port, upstream);
    return upstream.port;
  }

  /** The text with the ports and sockets of this run; Envoy picks where it listens. */
  into(text: string): string {
    const socket = this.#socket;
    const moved = socket === null ? text : text.replaceAll(socket.from, socket.to);
    return moved.replaceAll(/(port_?[vV]alue"?: )(\d+)/g, (_all, name: string, port: string) => {
      return `${name}${this.#ports.get(Number(port)) ?? 0}`;
    });
  }

  /** Every port stands for itself: the text has those of this run already. */
  asTheyAre(sluice: string): Record<number, number> {
    const ports = [0, ...this.#ports.values(), Number(sluice.slice(sluice.lastIndexOf(':') + 1))];
    return Object.fromEntries(ports.filter((port) => Number.isInteger(port)).map((port) => [port, port]));
  }

  received(port: number): number {
    return this.#http.get(port)?.requests.length ?? this.#grpc.get(port)?.calls.length ?? 0;
  }

  fail(port: number | null): void {
    if (port === null) this.#socketStatus = 500;
    else if (this.#grpc.has(port)) this.#grpc.get(port)?.behave(grpcStatus(13));
    else this.#http.get(port)?.behave(respond(500));
  }

  answer(port: number, statuses: readonly number[]): void {
    this.#http.get(port)?.behave((_request, index) => respond(statuses[Math.min(index, statuses.length - 1)] ?? 200));
  }

  async stop(): Promise<void> {
    for (const upstream of [...this.#http.values(), ...this.#grpc.values()]) await upstream.stop();
    for (const step of this.#steps.splice(0)) await step();
  }
}
