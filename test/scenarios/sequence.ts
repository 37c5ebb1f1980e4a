// The shape of a scenario over time: requests, one after the other or side by side, at set times, and what the
// circuit shows in between. What a single request cannot show: windows, rests, probes.

import type { ForcedState } from '../../src/core/circuit/phase.js';
import type { CircuitSnapshot } from '../../src/core/circuit/state.js';
import type { AnswerReason } from '../../src/core/reasons.js';
import type { Meets } from '../support/router-model.js';

export interface Sequence {
  readonly id: string;
  readonly title: string;
  readonly policy: unknown;
  readonly steps: readonly Step[];
}

/** What Sluice says to a request: let through, or a 503 of its own. */
export type Verdict =
  | 'admitted'
  | {
      readonly reason: AnswerReason;
      /** Whole seconds. */
      readonly retryAfter?: number;
      /** 14 where the client speaks gRPC. */
      readonly grpcStatus?: number | null;
    };

/** What the circuit shows, and its failures as a share of its requests. */
export type Figures = Partial<CircuitSnapshot>;

/** Times are seconds from the start of the sequence, and never go back. */
interface At {
  readonly atS: number;
  readonly cluster: string;
}

export type Step =
  /** Whole requests, admitted and over at once. */
  | (At & { readonly kind: 'answered'; readonly meets: Meets; readonly times: number })
  /** Requests that Sluice answers in the upstream's place. */
  | (At & { readonly kind: 'refused'; readonly verdict: Exclude<Verdict, 'admitted'>; readonly times: number })
  /** A request that is under way from here on. */
  | (At & { readonly kind: 'begins'; readonly name: string; readonly verdict: Verdict; readonly grpc: boolean })
  /** The upstream answers it. */
  | (At & { readonly kind: 'ends'; readonly name: string; readonly status: number })
  /** Its client leaves, before an attempt was sent. */
  | (At & { readonly kind: 'leaves'; readonly name: string })
  | (At & { readonly kind: 'forced'; readonly state: ForcedState })
  /** null: there is no circuit. */
  | (At & { readonly kind: 'shows'; readonly figures: Figures | null });

const CLUSTER = 'a';

export function answered(atS: number, meets: Meets, times = 1, cluster = CLUSTER): Step {
  return { kind: 'answered', atS, meets, times, cluster };
}

export function refused(atS: number, verdict: Exclude<Verdict, 'admitted'>, times = 1): Step {
  return { kind: 'refused', atS, verdict, times, cluster: CLUSTER };
}

export function begins(atS: number, name: string, verdict: Verdict, grpc = false): Step {
  return { kind: 'begins', atS, name, verdict, grpc, cluster: CLUSTER };
}

export function ends(atS: number, name: string, status: number): Step {
  return { kind: 'ends', atS, name, status, cluster: CLUSTER };
}

export function leaves(atS: number, name: string): Step {
  return { kind: 'leaves', atS, name, cluster: CLUSTER };
}

export function forced(atS: number, state: ForcedState): Step {
  return { kind: 'forced', atS, state, cluster: CLUSTER };
}

export function shows(atS: number, figures: Figures | null, cluster = CLUSTER): Step {
  return { kind: 'shows', atS, figures, cluster };
}
