// A map for what comes and goes with every request, oldest first. JavaScript's own Map moves to a new table every few
// dozen insertions, and leaves the old one behind with all that it held. Once one of those has reached the old generation
// of the heap, each keeps the next from being collected, until everything is: nearly all that was ever in such a map is
// copied twice and promoted. Here places are used again, and one is emptied the moment its entry goes.

const NONE = -1;
const INITIAL_PLACES = 64;
const BUCKETS_PER_PLACE = 2;
/** Characters of an id. */
const HASHED = 8;
const FNV_PRIME = 0x01000193;

export class ChurnMap<Key extends string | number, Value> {
  readonly #hash: (key: Key) => number;
  /** By place. A place that is free holds undefined. */
  readonly #keys: (Key | undefined)[] = [];
  readonly #values: (Value | undefined)[] = [];
  /** By place: the next one of the same bucket; of a free place, the next free one. */
  #next = new Int32Array(INITIAL_PLACES);
  /** By place: neighbours in the order of insertion. */
  #older = new Int32Array(INITIAL_PLACES);
  #newer = new Int32Array(INITIAL_PLACES);
  /** The first place of each bucket. A power of two, and more than places, so that few keys share one. */
  #buckets = new Int32Array(BUCKETS_PER_PLACE * INITIAL_PLACES).fill(NONE);
  #free = NONE;
  #oldest = NONE;
  #newest = NONE;
  #size = 0;

  /** @param hash whole numbers that differ in their low bits for most keys; equal keys give equal ones. */
  constructor(hash: (key: Key) => number) {
    this.#hash = hash;
  }

  get size(): number {
    return this.#size;
  }

  /** undefined where the map is empty. */
  get oldest(): Value | undefined {
    return this.#oldest === NONE ? undefined : this.#values[this.#oldest];
  }

  get(key: Key): Value | undefined {
    const place = this.#find(key, this.#bucketOf(key));
    return place === NONE ? undefined : this.#values[place];
  }

  has(key: Key): boolean {
    return this.#find(key, this.#bucketOf(key)) !== NONE;
  }

  /** A key that is known keeps its age. */
  set(key: Key, value: Value): void {
    const known = this.#find(key, this.#bucketOf(key));
    if (known === NONE) this.#insert(key, value);
    else this.#values[known] = value;
  }

  /** @returns whether it was there. */
  delete(key: Key): boolean {
    const bucket = this.#bucketOf(key);
    const place = this.#find(key, bucket);
    if (place === NONE) return false;
    this.#leaveBucket(place, bucket);
    this.#leaveOrder(place);
    this.#keys[place] = undefined;
    this.#values[place] = undefined;
    this.#next[place] = this.#free;
    this.#free = place;
    this.#size -= 1;
    return true;
  }

  /** Oldest first. Meanwhile the entry that was given last may be deleted, and no other. */
  *values(): Generator<Value> {
    let place = this.#oldest;
    while (place !== NONE) {
      const newer = at(this.#newer, place);
      const value = this.#values[place];
      if (value !== undefined) yield value;
      place = newer;
    }
  }

  #bucketOf(key: Key): number {
    return this.#hash(key) & (this.#buckets.length - 1);
  }

  #find(key: Key, bucket: number): number {
    let place = at(this.#buckets, bucket);
    while (place !== NONE && this.#keys[place] !== key) place = at(this.#next, place);
    return place;
  }

  #insert(key: Key, value: Value): void {
    const place = this.#takePlace();
    this.#keys[place] = key;
    this.#values[place] = value;
    this.#enterBucket(place, key);
    this.#older[place] = this.#newest;
    this.#newer[place] = NONE;
    if (this.#newest === NONE) this.#oldest = place;
    else this.#newer[this.#newest] = place;
    this.#newest = place;
    this.#size += 1;
  }

  /** One that was used before, or else a new one. */
  #takePlace(): number {
    const place = this.#free;
    if (place !== NONE) {
      this.#free = at(this.#next, place);
      return place;
    }
    if (this.#keys.length === this.#next.length) this.#grow();
    this.#keys.push(undefined);
    return this.#values.push(undefined) - 1;
  }

  #enterBucket(place: number, key: Key): void {
    const bucket = this.#bucketOf(key);
    this.#next[place] = at(this.#buckets, bucket);
    this.#buckets[bucket] = place;
  }

  #leaveBucket(place: number, bucket: number): void {
    const after = at(this.#next, place);
    let before = at(this.#buckets, bucket);
    if (before === place) {
      this.#buckets[bucket] = after;
      return;
    }
    while (at(this.#next, before) !== place) before = at(this.#next, before);
    this.#next[before] = after;
  }

  #leaveOrder(place: number): void {
    const older = at(this.#older, place);
    const newer = at(this.#newer, place);
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }

  /** Every place is taken when it is called. */
  #grow(): void {
    const places = 2 * this.#next.length;
    this.#next = new Int32Array(places);
    this.#older = longer(this.#older, places);
    this.#newer = longer(this.#newer, places);
    this.#buckets = new Int32Array(BUCKETS_PER_PLACE * places).fill(NONE);
    for (const [place, key] of this.#keys.entries()) if (key !== undefined) this.#enterBucket(place, key);
  }
}

/** Of ids that are random to their end: their last characters tell them apart. */
export function hashOfId(id: string): number {
  let hash = id.length;
  for (let index = id.length > HASHED ? id.length - HASHED : 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), FNV_PRIME);
  }
  return hash ^ (hash >>> 15);
}

function at(numbers: Int32Array, place: number): number {
  return numbers[place] ?? NONE;
}

function longer(numbers: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  copy.set(numbers);
  return copy;
}
