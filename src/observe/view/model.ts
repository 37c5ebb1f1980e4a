// What a live view holds: the newest word on every circuit and request, put together from the events of /events. Shared by
// the page and the terminal.

import type { LiveCircuit, LiveDelta, LiveSnapshot } from '../live/messages.js';
import type { RequestJson } from '../records/json.js';

/** Requests that a stream tells of at a time, and that a reader holds. */
export const LIVE_REQUESTS = 100;

export class LiveModel {
  readonly #circuits = new Map<string, LiveCircuit>();
  #requests: readonly RequestJson[] = [];
  #more = 0;
  #offsetMs = 0;
  #version = '';
  #writable = false;

  /** Those in trouble first, then by name. */
  get circuits(): readonly LiveCircuit[] {
    return [...this.#circuits.values()].sort(byTroubleAndName);
  }

  /** Circuits there are beside these. */
  get more(): number {
    return this.#more;
  }

  /** Newest first. */
  get requests(): readonly RequestJson[] {
    return this.#requests;
  }

  get version(): string {
    return this.#version;
  }

  get writable(): boolean {
    return this.#writable;
  }

  /** The server's clock, so that a wrong one here does not move what is to come. Milliseconds since 1970. */
  serverNow(nowMs: number): number {
    return nowMs + this.#offsetMs;
  }

  /** `nowMs`: the local clock when the event came. */
  heard(now: string, nowMs: number): void {
    this.#offsetMs = Date.parse(now) - nowMs;
  }

  snapshot({ circuits, more, requests, version, writable }: LiveSnapshot): void {
    this.#circuits.clear();
    for (const circuit of circuits) this.#circuits.set(circuitKey(circuit.cluster, circuit.target), circuit);
    this.#more = more;
    this.#requests = requests;
    this.#version = version;
    this.#writable = writable;
  }

  /** @returns circuits whose state is another one than before; new ones are not among them. */
  delta({ circuits, gone, more, requests, left }: LiveDelta): LiveCircuit[] {
    const changed: LiveCircuit[] = [];
    for (const circuit of circuits) {
      const key = circuitKey(circuit.cluster, circuit.target);
      const before = this.#circuits.get(key);
      if (before !== undefined && before.state !== circuit.state) changed.push(circuit);
      this.#circuits.set(key, circuit);
    }
    for (const [cluster, target] of gone) this.#circuits.delete(circuitKey(cluster, target));
    this.#more = more;
    this.#merge(requests, left);
    return changed;
  }

  #merge(changed: readonly RequestJson[], left: readonly string[]): void {
    if (changed.length === 0 && left.length === 0) return;
    const byId = new Map(this.#requests.map((request) => [request.id, request]));
    for (const request of changed) byId.set(request.id, request);
    for (const id of left) byId.delete(id);
    const sorted = [...byId.values()].sort((a, b) => compare(b.startedAt, a.startedAt));
    this.#requests = sorted.slice(0, LIVE_REQUESTS);
  }
}

/** No two names share one. The text is JSON: `[cluster, target]`, as a delta names what is gone. */
export function circuitKey(cluster: string, target: string | null): string {
  return JSON.stringify([cluster, target]);
}

function byTroubleAndName(a: LiveCircuit, b: LiveCircuit): number {
  return calm(a) - calm(b) || compare(a.cluster, b.cluster) || compare(a.target ?? '', b.target ?? '');
}

function calm({ state }: LiveCircuit): number {
  switch (state) {
    case 'open':
    case 'forced_open':
      return 0;
    case 'half_open':
    case 'recovering':
      return 1;
    case 'disabled':
    case 'closed':
      return 2;
  }
}

/** By code unit: the same in every locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
