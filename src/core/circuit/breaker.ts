// One circuit per cluster, or per cluster and target: it opens on evidence, asks again with a few probes, and says
// why. Two-step, because the result of a request comes from elsewhere and much later than its admission, or never:
// `acquire` gives a permit, `report` takes its results.
//
// - A generation is a span of evidence. Opening, half-opening, recovering, closing, forcing and a change to or
//   from mode off each begin a new one; a result counts only in the generation whose permit it carries. The end
//   of a ramp begins none: closed goes on with the evidence of the ramp, and with the requests it left in flight.
// - A generation that counts results starts with an empty window, so old failures never open a circuit anew.
//   Open and half_open leave the window as it was: it shows what opened the circuit. Probes are not in it.
// - No timers: what time changes is made up for when the next request or result comes.
// - The clock is held at the last time seen; one that steps back stands still for the circuit.
// - Shadow mode runs through the same states on the same evidence as enforce mode would: what would have been
//   refused is let through, but counts nowhere. A half-open shadow circuit has real probes, up to the limit.

import type { CircuitPolicy } from '../policy.js';
import type { CircuitState, Mode, TransitionReason } from '../reasons.js';
import type { RetryBudget } from '../retry/budget.js';
import { ADMITTED_UNCOUNTED, Generation, probeOrRefusal, refused, shadowed, UNCOUNTED } from './admission.js';
import { History } from './history.js';
import { type CircuitMemory, type MemoryLimits, recall, remember } from './memory.js';
import { OpenTime } from './open-time.js';
import {
  admitsWithoutProbe,
  CLOSED,
  type ForcedState,
  forcedPhase,
  openedAtMs,
  type Phase,
  shownState,
  unknownState,
} from './phase.js';
import { Probes } from './probes.js';
import { rampShare } from './ramp.js';
import type { Admission, CircuitResult, CircuitSnapshot, Permit, Transition } from './state.js';
import { isSlow, Tally } from './tally.js';

export class Circuit {
  readonly name: string;
  readonly target: string | null;
  /** Goes with the circuit, which has no use for it: see retry/budget-of.ts. null: it never was granted a retry. */
  budget: RetryBudget | null = null;
  readonly #onTransition: (transition: Transition) => void;
  readonly #random: () => number;
  readonly #tally: Tally;
  readonly #openTime = new OpenTime();
  readonly #history = new History();
  readonly #generation: Generation;
  #policy: CircuitPolicy;
  #phase: Phase = CLOSED;
  #nowMs = Number.NEGATIVE_INFINITY;

  /**
   * Starts closed. `name` is the cluster's.
   * @param onTransition told after the change is complete; it may look at the circuit.
   * @param random uniform in [0, 1): jitter of the open time, share of the ramp.
   * @param firstGeneration above 0; for one who makes a circuit anew under an old name and must not take its permits.
   * @throws RangeError for a window that cannot hold a result.
   */
  constructor(
    name: string,
    policy: CircuitPolicy,
    onTransition: (transition: Transition) => void,
    random: () => number,
    firstGeneration = 1,
    target: string | null = null,
  ) {
    this.name = name;
    this.target = target;
    this.#policy = policy;
    this.#onTransition = onTransition;
    this.#random = random;
    this.#tally = new Tally(policy);
    this.#generation = new Generation(firstGeneration);
  }

  get mode(): Mode {
    return this.#policy.mode;
  }

  /** Only ever grows. */
  get generation(): number {
    return this.#generation.number;
  }

  /** May this request go? Answer for the permit with `report`, or give it back with `release`. */
  acquire(now: number): Admission {
    if (this.#policy.mode === 'off') return ADMITTED_UNCOUNTED;
    const admission = this.#admit(this.#tick(now));
    return this.#policy.mode === 'shadow' ? shadowed(admission) : admission;
  }

  /**
   * A permit for a cluster that a later attempt of a request may go to. Never a probe, for it may stay unused; null
   * where only a probe would be admitted, or nothing. Changes nothing and need not be answered for.
   */
  passive(now: number): Permit | null {
    const { mode, rampMs } = this.#policy;
    if (mode === 'off') return UNCOUNTED;
    if (admitsWithoutProbe(shownState(this.#phase, rampMs, this.#tick(now)))) return this.#generation.permit;
    return mode === 'shadow' ? UNCOUNTED : null;
  }

  /**
   * One result under a permit of `acquire` or `passive`. May come more than once: a failure and a later success on
   * the same cluster are two results, and so are good headers and an interrupted body. Dropped are those of an
   * older generation and, of a probe, all but the first, save a failure after its success. A probe that was taken
   * back is not heard any more; one whose lease has run out without anyone needing it still is. `ignored` counts
   * nowhere and gives a probe back.
   */
  report(permit: Permit, result: CircuitResult, now: number): void {
    const at = this.#tick(now);
    if (permit.generation !== this.#generation.number) return;
    if (result.outcome === 'ignored') return this.release(permit, now);
    this.#catchUp(at);
    const phase = this.#phase;
    switch (phase.kind) {
      case 'closed':
      case 'recovering':
        this.#tally.count(this.#policy, result, at);
        this.#openIfTripped(phase.kind === 'recovering' ? 'ramp_failed' : null, at);
        return;
      case 'disabled':
        return this.#tally.count(this.#policy, result, at);
      case 'half_open':
        return this.#settleProbe(phase.probes, permit, result, at);
      case 'open':
      case 'forced_open':
        return; // no permit carries their generation
      default:
        unknownState(phase);
    }
  }

  /** The request was not made. Gives a probe back at once; harmless for every other permit, and when done twice. */
  release(permit: Permit, now: number): void {
    this.#tick(now);
    if (this.#phase.kind === 'half_open') this.#phase.probes.giveBack(permit);
  }

  /**
   * Sets the circuit by hand. `disabled` admits everything and only keeps figures; `auto` ends what was forced, and
   * does nothing to a circuit that is not.
   * @returns false where the mode is off: such a circuit has no state to force.
   */
  force(state: ForcedState, now: number): boolean {
    if (this.#policy.mode === 'off') return false;
    const at = this.#tick(now);
    const { kind } = this.#phase;
    const forced = kind === 'forced_open' || kind === 'disabled';
    if (state === kind || (state === 'auto' && !forced)) return true;
    if (state !== 'forced_open') this.#startAfresh();
    this.#move(forcedPhase(state, at), 'operator', at);
    return true;
  }

  /**
   * Takes a new policy and keeps the state: the newest results, the time of an open circuit, the probes that are out.
   * Only a change to off closes and forgets; the way back starts closed.
   * @throws RangeError for a window that cannot hold a result; nothing is changed then.
   */
  reconfigure(policy: CircuitPolicy, now: number): void {
    const at = this.#tick(now);
    this.#tally.resize(policy, at);
    const toOff = policy.mode === 'off' && this.#policy.mode !== 'off';
    const fromOff = policy.mode !== 'off' && this.#policy.mode === 'off';
    this.#policy = policy;
    if (!toOff && !fromOff) return;
    this.#startAfresh();
    if (this.#phase.kind === 'closed') this.#generation.next();
    else this.#move(CLOSED, 'policy', at);
  }

  /** As `shownState` in phase.ts: changes by time are shown before they are made. */
  state(now: number): CircuitState {
    return shownState(this.#phase, this.#policy.rampMs, this.#tick(now));
  }

  snapshot(now: number): CircuitSnapshot {
    const state = this.state(now);
    return {
      cluster: this.name,
      target: this.target,
      state,
      mode: this.#policy.mode,
      ...this.#tally.figures(this.#nowMs),
      openedAtMs: openedAtMs(this.#phase),
      retryAtMs: this.#phase.kind === 'open' && state === 'open' ? this.#phase.retryAtMs : null,
      reason: this.#history.lastReason,
      transitions: this.#history.list(),
    };
  }

  /** For the next process: see memory.ts. */
  remember(limits: MemoryLimits, origin: number): CircuitMemory {
    return remember(this.#phase, this.#parts, limits, origin);
  }

  /** Goes on where another left off; for a circuit that has seen nothing yet. */
  recall(memory: CircuitMemory, origin: number, now: number): void {
    this.#phase = recall(memory, this.#policy, this.#parts, this, origin, this.#tick(now));
  }

  recent(limit: number, now: number): string {
    return this.#tally.recent(limit, this.#tick(now));
  }

  get #parts() {
    return { openTime: this.#openTime, tally: this.#tally, history: this.#history };
  }

  #tick(now: number): number {
    if (now > this.#nowMs) this.#nowMs = now;
    return this.#nowMs;
  }

  #admit(at: number): Admission {
    this.#catchUp(at);
    const phase = this.#phase;
    switch (phase.kind) {
      case 'closed':
      case 'disabled':
        return this.#generation.admission;
      case 'open':
        return refused('circuit_open', phase.retryAtMs);
      case 'half_open':
        return probeOrRefusal(phase.probes, this.#policy.halfOpen, this.#generation.number, at);
      case 'recovering':
        // The next request has its own chance at once: there is no better time to name.
        return this.#random() < rampShare(at - phase.sinceMs, this.#policy.rampMs)
          ? this.#generation.admission
          : refused('probe_limit', at);
      case 'forced_open':
        // Nobody knows when the hand is taken away; the base open time is a fair guess.
        return refused('forced_open', at + this.#policy.open.baseMs);
    }
  }

  /** Makes the changes that time has brought since the last request or result. */
  #catchUp(at: number): void {
    const phase = this.#phase;
    if (phase.kind === 'open' && at >= phase.retryAtMs) {
      this.#move({ kind: 'half_open', openedAtMs: phase.openedAtMs, probes: new Probes() }, 'open_time_over', at);
    } else if (phase.kind === 'recovering' && at - phase.sinceMs >= this.#policy.rampMs) {
      // Health is counted from when the ramp ended, not from when somebody came to see it.
      this.#openTime.closed(phase.sinceMs + this.#policy.rampMs);
      this.#enter(CLOSED, 'ramp_over', at);
    }
  }

  /** @param relapse the reason to name where the circuit was not closed; null: the trip's own. */
  #openIfTripped(relapse: 'ramp_failed' | null, at: number): void {
    const trip = this.#tally.tripReason(this.#policy);
    if (trip !== null) this.#open(relapse ?? trip, relapse !== null, this.#tally.askedMs(at), at);
  }

  #settleProbe(probes: Probes, permit: Permit, result: CircuitResult, at: number): void {
    const failed = result.outcome === 'failure' || isSlow(this.#policy, result);
    const interrupted = result.outcome === 'failure' && probes.hasSucceeded(permit);
    if (!probes.settle(permit, failed) && !interrupted) return;
    if (failed) return this.#open('probe_failed', true, result.retryAfterMs, at);
    if (probes.successes < this.#policy.halfOpen.successes) return;
    this.#tally.clear();
    this.#openTime.closed(at);
    const ramp = this.#policy.rampMs > 0;
    this.#move(ramp ? { kind: 'recovering', sinceMs: at } : CLOSED, 'probes_succeeded', at);
  }

  #open(reason: TransitionReason, relapse: boolean, askedMs: number, at: number): void {
    const openMs = this.#openTime.begin(this.#policy.open, relapse, askedMs, at, this.#random);
    this.#move({ kind: 'open', openedAtMs: at, retryAtMs: at + openMs }, reason, at);
  }

  #startAfresh(): void {
    this.#tally.clear();
    this.#openTime.reset();
  }

  #move(phase: Phase, reason: TransitionReason, at: number): void {
    this.#generation.next();
    this.#enter(phase, reason, at);
  }

  /** The figures told are those that the new state starts with: opened, what opened it; closed, an empty window. */
  #enter(phase: Phase, reason: TransitionReason, at: number): void {
    const from = this.#phase.kind;
    this.#phase = phase;
    const transition: Transition = {
      cluster: this.name,
      target: this.target,
      from,
      to: phase.kind,
      reason,
      atMs: at,
      retryAtMs: phase.kind === 'open' ? phase.retryAtMs : null,
      ...this.#tally.figures(at),
    };
    this.#history.add(transition);
    this.#onTransition(transition);
  }
}
