// Collects the evidence that the checks are held against, while the demo runs with --once. It keeps everything, which is
// fine for half a minute and would not be for a day.

import type { Upstream } from '../support/upstream.js';
import type { RequestView } from '../support/views.js';
import type { Evidence } from './checks.js';
import type { Snapshot } from './snapshot.js';
import type { ClientAnswer } from './traffic.js';

/** The hosts of each cluster. */
export type Hosts = Readonly<Record<string, readonly { readonly requests: readonly ReceivedPath[] }[]>>;
type ReceivedPath = Pick<Upstream['requests'][number], 'path'>;

export class Witness {
  readonly #hosts: Hosts;
  readonly #requests = new Map<string, RequestView>();
  readonly #answers = new Map<string, ClientAnswer>();

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
  }

  answered(path: string, answer: ClientAnswer): void {
    this.#answers.set(path, answer);
  }

  evidence(snapshot: Snapshot): Evidence {
    for (const request of snapshot.requests) this.#requests.set(request.id, request);
    return {
      requests: [...this.#requests.values()],
      circuits: snapshot.circuits,
      metrics: snapshot.metrics,
      answers: this.#answers,
      received: (cluster, path) => this.#received(cluster, path),
    };
  }

  #received(cluster: string, path: string): number {
    const hosts = this.#hosts[cluster];
    if (hosts === undefined) throw new Error(`the demo has no upstream ${cluster}`);
    return hosts.reduce((sum, { requests }) => sum + requests.filter((request) => request.path === path).length, 0);
  }
}
