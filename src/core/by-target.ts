// One value per cluster, and one per cluster and target: two steps of lookup instead of one key glued together, so that
// finding a circuit or a counter builds no string, and no name can look like a pair of others.

export class ByTarget<T extends object> {
  readonly #own = new Map<string, T>();
  /** Holds no empty map. */
  readonly #targets = new Map<string, Map<string, T>>();
  #size = 0;

  /** Of clusters and targets together. */
  get size(): number {
    return this.#size;
  }

  /** `target` null: the cluster's own. */
  get(cluster: string, target: string | null): T | undefined {
    return target === null ? this.#own.get(cluster) : this.#targets.get(cluster)?.get(target);
  }

  set(cluster: string, target: string | null, value: T): void {
    if (this.get(cluster, target) === undefined) this.#size++;
    if (target === null) this.#own.set(cluster, value);
    else this.#targetsOf(cluster).set(target, value);
  }

  delete(cluster: string, target: string | null): void {
    if (target === null) {
      if (this.#own.delete(cluster)) this.#size--;
      return;
    }
    const targets = this.#targets.get(cluster);
    if (targets === undefined || !targets.delete(target)) return;
    this.#size--;
    if (targets.size === 0) this.#targets.delete(cluster);
  }

  /** How many targets of the cluster have a value. O(1). */
  targetCount(cluster: string): number {
    return this.#targets.get(cluster)?.size ?? 0;
  }

  /** Values of the cluster's targets, the oldest first, without its own. */
  ofTargets(cluster: string): Iterable<T> {
    return this.#targets.get(cluster)?.values() ?? [];
  }

  /** The clusters' own first. What is deleted meanwhile is left out. */
  *values(): Generator<T> {
    yield* this.#own.values();
    for (const targets of this.#targets.values()) yield* targets.values();
  }

  #targetsOf(cluster: string): Map<string, T> {
    const known = this.#targets.get(cluster);
    if (known !== undefined) return known;
    const made = new Map<string, T>();
    this.#targets.set(cluster, made);
    return made;
  }
}
