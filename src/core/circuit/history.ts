// The last transitions of a circuit, for those who ask how it came to be where it is. Bounded; changes are rare, so
// a plain array will do.

import type { TransitionReason } from '../reasons.js';
import { recallTransition, rememberTransition, type TransitionMemory } from './memory.js';
import type { CircuitName, Transition } from './state.js';

const KEPT_TRANSITIONS = 20;

export class History {
  readonly #transitions: Transition[] = [];

  add(transition: Transition): void {
    this.#transitions.push(transition);
    if (this.#transitions.length > KEPT_TRANSITIONS) this.#transitions.shift();
  }

  /** Of the last transition; null before the first. */
  get lastReason(): TransitionReason | null {
    return this.#transitions.at(-1)?.reason ?? null;
  }

  /** A copy, the newest last. */
  list(): readonly Transition[] {
    return [...this.#transitions];
  }

  /** The newest `limit`. */
  remember(limit: number, origin: number): readonly TransitionMemory[] {
    return this.#transitions.slice(-limit).map((transition) => rememberTransition(transition, origin));
  }

  recall(memory: readonly TransitionMemory[], name: CircuitName, origin: number): void {
    for (const transition of memory) this.add(recallTransition(transition, name, origin));
  }
}
