// Remembers where Envoy did not follow. A route with a fixed `cluster` ignores every order of clusters, so a reroute on
// it sends the request to the very cluster whose circuit is open. Nothing that Envoy says beforehand tells such a route
// from one that can be steered; the first attempt that lands in the wrong place does.

/** Routes remembered; the oldest gives way. */
const MAX_ROUTES = 1000;
/** A route may be mended meanwhile: it is tried again after this. */
const REMEMBERED_MS = 60_000;

export class FixedRoutes {
  readonly #untilMs = new Map<string, number>();
  readonly #onDropped: () => void;

  /** @param onDropped one gave way before its time. */
  constructor(onDropped: () => void) {
    this.#onDropped = onDropped;
  }

  /** true: a request for this cluster on this route can go nowhere else. */
  has(route: string, cluster: string, now: number): boolean {
    if (this.#untilMs.size === 0) return false;
    const until = this.#untilMs.get(keyOf(route, cluster));
    return until !== undefined && now < until;
  }

  /** @returns true where this is news. */
  learn(route: string, cluster: string, now: number): boolean {
    const news = !this.has(route, cluster, now);
    const key = keyOf(route, cluster);
    this.#untilMs.delete(key);
    this.#untilMs.set(key, now + REMEMBERED_MS);
    if (this.#untilMs.size > MAX_ROUTES) this.#dropOldest(now);
    return news;
  }

  #dropOldest(now: number): void {
    for (const [key, until] of this.#untilMs) {
      this.#untilMs.delete(key);
      if (now < until) this.#onDropped();
      return;
    }
  }
}

function keyOf(route: string, cluster: string): string {
  return `${route}\n${cluster}`;
}
