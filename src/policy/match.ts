// Names and patterns as keys of `clusters` and `routes`. Istio names a cluster `outbound|443|v1|pay.ns.svc`, so a
// policy has to be able to say `outbound|*||pay.*`. Only `*` is special: no regular expressions, no backtracking.

/** `*` matches any run of characters, the empty one included. */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*');
}

/** The characters that a name has to share with the pattern: the measure of how specific a pattern is. */
export function literalLength(pattern: string): number {
  let length = 0;
  for (let i = 0; i < pattern.length; i++) if (pattern[i] !== '*') length++;
  return length;
}

/** A pattern cut at its stars, once, so that matching only compares. */
export class Glob {
  readonly pattern: string;
  readonly literalLength: number;
  readonly #prefix: string;
  readonly #middle: readonly string[];
  readonly #suffix: string;

  constructor(pattern: string) {
    if (!isGlob(pattern)) throw new RangeError(`"${pattern}" has no *; look it up as an exact name instead`);
    const parts = pattern.split('*');
    this.pattern = pattern;
    this.literalLength = literalLength(pattern);
    this.#prefix = parts[0] ?? '';
    this.#suffix = parts[parts.length - 1] ?? '';
    this.#middle = parts.slice(1, -1).filter((part) => part !== '');
  }

  /**
   * The leftmost place for each middle part is always right: it leaves the most room for the others. Parts may not
   * run into the suffix (nor the prefix into it, where there are none), which the last line sees.
   */
  matches(name: string): boolean {
    if (!name.startsWith(this.#prefix) || !name.endsWith(this.#suffix)) return false;
    const end = name.length - this.#suffix.length;
    let at = this.#prefix.length;
    for (const part of this.#middle) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= end;
  }

  /**
   * Is there a name that both match? Exact: where one prefix begins the other and one suffix ends the other, the
   * longer prefix, all middle parts of both in turn and the longer suffix make such a name; else there is none.
   */
  overlaps(other: Glob): boolean {
    const [prefix, otherPrefix] = [this.#prefix, other.#prefix];
    if (!prefix.startsWith(otherPrefix) && !otherPrefix.startsWith(prefix)) return false;
    return this.#suffix.endsWith(other.#suffix) || other.#suffix.endsWith(this.#suffix);
  }
}

/** Looks names up among exact names and patterns: exact beats pattern, the longer literal part beats the shorter. */
export class NameTable<T> {
  readonly #exact = new Map<string, T>();
  /** The most specific first. */
  readonly #globs: { readonly glob: Glob; readonly value: T }[] = [];

  constructor(entries: Iterable<readonly [pattern: string, value: T]>) {
    for (const [pattern, value] of entries) {
      if (isGlob(pattern)) this.#globs.push({ glob: new Glob(pattern), value });
      else this.#exact.set(pattern, value);
    }
    this.#globs.sort((a, b) => b.glob.literalLength - a.glob.literalLength);
  }

  /** O(patterns) for a name without an exact entry: callers memoise. */
  find(name: string): T | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    return this.#globs.find(({ glob }) => glob.matches(name))?.value;
  }
}

/** Pairs of patterns of equal weight that could both match one name; the later one first, each only once. */
export function findTies(patterns: Iterable<string>): (readonly [pattern: string, tiesWith: string])[] {
  const ties: (readonly [string, string])[] = [];
  const byLength = new Map<number, Glob[]>();
  for (const pattern of patterns) {
    if (!isGlob(pattern)) continue;
    const glob = new Glob(pattern);
    const peers = byLength.get(glob.literalLength) ?? [];
    const rival = peers.find((peer) => peer.overlaps(glob));
    if (rival !== undefined) ties.push([pattern, rival.pattern]);
    peers.push(glob);
    byLength.set(glob.literalLength, peers);
  }
  return ties;
}
