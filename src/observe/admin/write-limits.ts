// How often somebody may try to change something, so that neither a guesser of tokens nor a script gone mad has its way.
// Wrong tokens are counted by the address they come from: a guesser elsewhere does not shut out the operator.

import { Bucket, type Rate } from './bucket.js';

/** Changes that were allowed, by whomever. */
const CHANGES: Rate = { burst: 50, perSecond: 10 };
/** Wrong tokens from one address. */
const WRONG_TOKENS: Rate = { burst: 10, perSecond: 0.1 };
/** Addresses told apart; the rest share. */
const MAX_ADDRESSES = 256;

export class WriteLimits {
  readonly #changes = new Bucket(CHANGES);
  readonly #wrong = new Map<string, Bucket>();
  readonly #wrongOfOthers = new Bucket(WRONG_TOKENS);

  /** Seconds to wait before this address may try again; 0: it may. */
  waitSeconds(address: string, nowMs: number): number {
    const wrong = this.#wrong.get(address) ?? (this.#wrong.size >= MAX_ADDRESSES ? this.#wrongOfOthers : null);
    return Math.max(wrong?.waitSeconds(nowMs) ?? 0, this.#changes.waitSeconds(nowMs));
  }

  changed(nowMs: number): void {
    this.#changes.take(nowMs);
  }

  wrongToken(address: string, nowMs: number): void {
    this.#bucketOf(address, nowMs).take(nowMs);
  }

  #bucketOf(address: string, nowMs: number): Bucket {
    const known = this.#wrong.get(address);
    if (known !== undefined) return known;
    if (this.#wrong.size >= MAX_ADDRESSES) this.#forget(nowMs);
    if (this.#wrong.size >= MAX_ADDRESSES) return this.#wrongOfOthers;
    const made = new Bucket(WRONG_TOKENS);
    this.#wrong.set(address, made);
    return made;
  }

  /** Those who have been quiet for long enough. */
  #forget(nowMs: number): void {
    for (const [address, bucket] of this.#wrong) if (bucket.isFull(nowMs)) this.#wrong.delete(address);
  }
}
