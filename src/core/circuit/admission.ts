// The answers that `acquire` gives, made in one place. What is the same for every request of a generation is made
// once, so that admitting a request to a closed circuit allocates nothing.

import type { CircuitPolicy } from '../policy.js';
import type { AnswerReason } from '../reasons.js';
import type { Probes } from './probes.js';
import type { Admission, Permit } from './state.js';

/** No circuit ever has this generation: what is reported under it counts nowhere. */
const NO_GENERATION = 0;

/** For requests let through without learning from them: in mode off, and where shadow mode would have refused. */
export const UNCOUNTED: Permit = { generation: NO_GENERATION, probe: false };
export const ADMITTED_UNCOUNTED: Admission = { admitted: true, permit: UNCOUNTED, wouldRefuse: null };

export function admitted(permit: Permit): Admission {
  return { admitted: true, permit, wouldRefuse: null };
}

/** What every request of one generation is given, probes aside. */
export class Generation {
  #number: number;
  #permit: Permit;
  #admission: Admission;

  constructor(first: number) {
    this.#number = first;
    this.#permit = { generation: first, probe: false };
    this.#admission = admitted(this.#permit);
  }

  get number(): number {
    return this.#number;
  }

  get permit(): Permit {
    return this.#permit;
  }

  get admission(): Admission {
    return this.#admission;
  }

  next(): void {
    this.#number += 1;
    this.#permit = { generation: this.#number, probe: false };
    this.#admission = admitted(this.#permit);
  }
}

export function refused(reason: AnswerReason, retryAtMs: number): Admission {
  return { admitted: false, reason, retryAtMs };
}

/** A half-open circuit's answer: one more probe, or none until another comes back. */
export function probeOrRefusal(
  probes: Probes,
  { probes: limit, leaseMs }: CircuitPolicy['halfOpen'],
  generation: number,
  at: number,
): Admission {
  probes.takeBack(leaseMs, at);
  if (probes.out >= limit) return refused('probe_limit', probes.nextLeaseEndMs(leaseMs, at));
  return admitted(probes.grant(generation, at));
}

/**
 * What shadow mode makes of a refusal. Its result is not counted: in enforce mode this request would not have been
 * made, and shadow mode is there to show what enforce mode would do.
 */
export function shadowed(admission: Admission): Admission {
  if (admission.admitted) return admission;
  return { admitted: true, permit: UNCOUNTED, wouldRefuse: admission.reason };
}
