// Runs a rendered pod as processes of this machine: the containers' own commands, arguments, variables, users and volumes,
// in the order in which a kubelet starts and ends them, with a real Envoy and the assembled image of Sluice.

import { chmod, cp, link, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { health } from '../../src/cli/health.js';
import { lastStage } from '../container/assemble.js';
import { patient } from '../support/bootstrap.js';
import { type Child, startChild } from '../support/child.js';
import { envoyBinary } from '../support/envoy-binary.js';
import { eventually } from '../support/eventually.js';
import type { ConfigMapVolume } from './config-map-volume.js';
import { Localiser, type Paths } from './localise.js';
import { allContainers, type Container, type KubernetesObject, type PodSpec, podOf } from './objects.js';
import { asUserOf, type Command } from './run-as.js';
import { makeVolumes, type Volumes } from './volumes.js';

const START_TIMEOUT_MS = 60_000;
const ENVOY = '/usr/local/bin/envoy';

export interface PodOptions {
  readonly objects: readonly KubernetesObject[];
  /** Ports of this machine that stand for the hosts of the Service `catalog`. */
  readonly catalog: readonly number[];
  readonly change?: (pod: PodSpec) => PodSpec;
}

/** A pod of the Deployment `web`, all of its containers started. */
export async function startPod(options: PodOptions): Promise<Pod> {
  const spec = (options.change ?? ((same: PodSpec) => same))(podOf(options.objects, 'web'));
  const directory = await mkdtemp(join(tmpdir(), 'pod-'));
  // Containers run as users of their own.
  await chmod(directory, 0o755);
  const envoy = join(directory, 'envoy');
  await linkOrCopy(await envoyBinary(), envoy);
  const mounts = mountPaths(spec, directory);
  const localiser = await Localiser.create(new Map([...mounts, [ENVOY, envoy], ...imagePaths()]));
  const change = (file: string, text: string) =>
    file === 'envoy.yaml' ? patient(localiser.bootstrap(text, options.catalog)) : text;
  const pod = new Pod(spec, directory, localiser, await makeVolumes(directory, spec, options.objects, change));
  try {
    await pod.start();
    return pod;
  } catch (error) {
    await pod[Symbol.asyncDispose]();
    throw error;
  }
}

export class Pod implements AsyncDisposable {
  readonly spec: PodSpec;
  readonly localiser: Localiser;
  readonly #directory: string;
  readonly #volumes: Volumes;
  readonly #running = new Map<string, Child>();

  constructor(spec: PodSpec, directory: string, localiser: Localiser, volumes: Volumes) {
    this.spec = spec;
    this.#directory = directory;
    this.localiser = localiser;
    this.#volumes = volumes;
  }

  /** Sidecars one after the other, each until its startup probe passes; then the application. */
  async start(): Promise<void> {
    for (const sidecar of this.spec.initContainers ?? []) await this.startContainer(sidecar);
    for (const container of this.spec.containers) await this.startContainer(container);
  }

  async startContainer(container: Container): Promise<void> {
    const { program, args } = asUserOf(container, this.spec, this.#command(container));
    const child = await startChild(program, args, this.#environment(container));
    this.#running.set(container.name, child);
    await eventually(() => this.#probe(container, child), START_TIMEOUT_MS);
  }

  child(name: string): Child {
    const child = this.#running.get(name);
    if (child === undefined) throw new Error(`container ${name} does not run`);
    return child;
  }

  /** The directory behind a volume. */
  volume(name: string): string {
    const path = this.#volumes.paths.get(name);
    if (path === undefined) throw new Error(`the pod has no volume ${name}`);
    return path;
  }

  configMap(volume: string): ConfigMapVolume {
    const found = this.#volumes.configMaps.get(volume);
    if (found === undefined) throw new Error(`the pod has no volume ${volume} of a ConfigMap`);
    return found;
  }

  /** All hooks at once, before any container hears of the end; resolves with the exit code of each by container. */
  async runHooks(): Promise<Readonly<Record<string, number | null>>> {
    const hooks = allContainers(this.spec).flatMap((container) => {
      const command = container.lifecycle?.preStop?.exec?.command;
      return command === undefined ? [] : [{ container, command }];
    });
    const ended = hooks.map(async ({ container, command: [program = '', ...args] }) => {
      const command = { program, args: args.map((arg) => this.localiser.text(arg)) };
      const { program: actual, args: all } = asUserOf(container, this.spec, command);
      return [container.name, await (await startChild(actual, all, {})).exited()] as const;
    });
    return Object.fromEntries(await Promise.all(ended));
  }

  /** As a kubelet: the application first, then the sidecars, the last one first. Resolves with name and exit code of each. */
  async end(): Promise<readonly (readonly [string, number | null])[]> {
    const order = [...this.spec.containers, ...(this.spec.initContainers ?? []).toReversed()];
    const codes: [string, number | null][] = [];
    for (const { name } of order) {
      this.child(name).signal('SIGTERM');
      codes.push([name, await this.child(name).exited()]);
    }
    return codes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((child) => child.stop()));
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Of the image what the container does not say itself. */
  #command(container: Container): Command {
    const { entrypoint, cmd } = isSluice(container) ? lastStage() : { entrypoint: [], cmd: [] };
    const { command = entrypoint, args = container.command === undefined ? cmd : [] } = container;
    const [program = '', ...rest] = [...command, ...args].map((word) => this.localiser.text(word));
    return { program, args: rest };
  }

  #environment({ env = [], ...container }: Container): Record<string, string> {
    const own = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, this.localiser.text(value)]]));
    // `setpriv` is looked for on the PATH.
    const path = { PATH: process.env.PATH ?? '' };
    return { ...path, ...(isSluice(container) ? lastStage().env : {}), ...Object.fromEntries(own) };
  }

  async #probe({ name, startupProbe, ports = [] }: Container, child: Child): Promise<void> {
    if (child.hasExited())
      throw new Error(`${name} ended with ${child.exitCode()}: ${child.stdout()}${child.stderr()}`);
    if (startupProbe?.grpc !== undefined) {
      await health(`127.0.0.1:${this.localiser.probePort(startupProbe.grpc.port)}`, 5_000);
    }
    if (startupProbe?.httpGet !== undefined) {
      const { path, port } = startupProbe.httpGet;
      const number = ports.find((each) => each.name === port)?.containerPort ?? Number(port);
      const { status } = await fetch(`http://127.0.0.1:${this.localiser.probePort(number)}${path}`);
      if (status !== 200) throw new Error(`${name} answers its startup probe with ${status}`);
    }
  }
}

function isSluice({ image }: Pick<Container, 'image'>): boolean {
  return image.startsWith('registry.example.com/sluice:');
}

function imagePaths(): Paths {
  const { root } = inject('image');
  return new Map(['/nodejs/', '/app/'].map((path) => [path, join(root, path)]));
}

/** Every mount path is that of the volume, in whatever container: the same path is never two volumes here. */
function mountPaths(spec: PodSpec, directory: string): Paths {
  const mounts = allContainers(spec).flatMap(({ volumeMounts = [] }) => volumeMounts);
  return new Map(mounts.map(({ mountPath, name }) => [mountPath, join(directory, name)]));
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  // A link costs nothing, and works where both are on one file system.
  await link(from, to).catch(() => cp(from, to));
}
