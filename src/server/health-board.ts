// What grpc.health.v1.Health says, whatever transport carries it: the status of each service, and who watches it.

import type { HealthStatus } from '../wire/health.js';
import { EXTERNAL_PROCESSOR } from './services.js';

/** '' is the server as a whole. */
const SERVICES: readonly string[] = ['', EXTERNAL_PROCESSOR];

/** One who wants to hear of changes. */
export interface Watcher {
  readonly service: string;
  update(status: HealthStatus): void;
  /** There will be no more. */
  end(): void;
}

export class HealthBoard {
  private readonly serving: () => boolean;
  private readonly watchers = new Set<Watcher>();
  private draining = false;
  private over = false;

  /** @param serving asked at every check; while draining the answer is "not serving" whatever it says. */
  constructor(serving: () => boolean) {
    this.serving = serving;
  }

  statusOf(service: string): HealthStatus {
    if (!SERVICES.includes(service)) return 'service_unknown';
    return this.serving() && !this.draining ? 'serving' : 'not_serving';
  }

  all(): ReadonlyMap<string, HealthStatus> {
    return new Map(SERVICES.map((service) => [service, this.statusOf(service)]));
  }

  /** Of a service that is not known the protocol wants that said, and the stream kept open. */
  watch(watcher: Watcher): void {
    if (!this.over) this.watchers.add(watcher);
    watcher.update(this.statusOf(watcher.service));
    if (this.over) watcher.end();
  }

  unwatch(watcher: Watcher): void {
    this.watchers.delete(watcher);
  }

  /** From now on nothing is served: whoever watches is told. */
  drain(): void {
    if (this.draining) return;
    this.draining = true;
    for (const watcher of this.watchers) watcher.update(this.statusOf(watcher.service));
  }

  /** Ends every watch, and those that still come. */
  endAll(): void {
    this.over = true;
    const watchers = [...this.watchers];
    this.watchers.clear();
    for (const watcher of watchers) watcher.end();
  }
}

/** Why a check of that service is refused. */
export function unknownService(service: string): string {
  return `no service ${JSON.stringify(service)}: ask for "" or "${EXTERNAL_PROCESSOR}"`;
}
