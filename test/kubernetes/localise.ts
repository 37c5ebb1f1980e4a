// What a pod's files, arguments and variables say holds inside the pod: its own paths, its own ports, names that only the
// cluster knows. This says the same for processes of this machine. Nothing else about the pod is changed.

import { REFUSING_PORT, somePort } from '../support/ports.js';

/** Every port that something in the pod listens on, in whatever overlay. */
const POD_PORTS = [8000, 8080, 9002, 9003, 9004, 9901, 9902, 10_000] as const;
export type PodPort = (typeof POD_PORTS)[number];

/** What stands for a path in the pod: a directory or a program of this machine. The longest prefix wins. */
export type Paths = ReadonlyMap<string, string>;

export class Localiser {
  readonly #ports = new Map<number, number>();
  readonly #paths: [string, string][];

  private constructor(paths: Paths) {
    this.#paths = [...paths].sort(([one], [other]) => other.length - one.length);
  }

  static async create(paths: Paths): Promise<Localiser> {
    const localiser = new Localiser(paths);
    for (const port of POD_PORTS) localiser.#ports.set(port, await localiser.#unused());
    return localiser;
  }

  port(inPod: PodPort): number {
    return this.#ports.get(inPod) ?? REFUSING_PORT;
  }

  /** Of the port that a probe names by number. @throws Error where the tests know no such port. */
  probePort(inPod: number): number {
    const port = this.#ports.get(inPod);
    if (port === undefined) throw new Error(`the tests know nothing that listens on ${inPod} in the pod`);
    return port;
  }

  text(text: string): string {
    const local = this.#paths.reduce((all, [path, here]) => all.replaceAll(path, here), text);
    return local
      .replaceAll('0.0.0.0', '127.0.0.1')
      .replaceAll(/(?<![\w.])\d{4,5}(?![\w.])/g, (digits) => String(this.#ports.get(Number(digits)) ?? digits));
  }

  /** The bootstrap, in which `catalog` is a name with an address per host, as a headless Service has. */
  bootstrap(text: string, catalogPorts: readonly number[]): string {
    const line = text.split('\n').find((candidate) => candidate.includes('address: catalog, port_value: 8080'));
    if (line === undefined) throw new Error('the bootstrap has no host catalog:8080');
    const hosts = catalogPorts.map((port) =>
      line.replace('catalog, port_value: 8080', `127.0.0.1, port_value: HOST-${port}`),
    );
    return this.text(text.replace(line, hosts.join('\n'))).replaceAll('HOST-', '');
  }

  async #unused(): Promise<number> {
    const taken = new Set([...this.#ports.values()]);
    for (;;) {
      const port = await somePort();
      if (!taken.has(port)) return port;
    }
  }
}
