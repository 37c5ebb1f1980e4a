// The circuit once more, as slowly and plainly as can be: lists instead of rings, filters instead of counters, every
// result of a generation kept and all figures worked out anew each time. It shares no code with the fast one, only
// the rules. Where both disagree, one of them is wrong.

import type { CircuitResult } from '../../../src/core/circuit/state.js';
import type { CircuitPolicy } from '../../../src/core/policy.js';
import type { AnswerReason, CircuitState, TransitionReason } from '../../../src/core/reasons.js';

export interface ModelPermit {
  /** -1: counts nowhere. */
  readonly generation: number;
  readonly probe: boolean;
  readonly grantedAt: number;
  fate: 'out' | 'succeeded' | 'gone';
}

export interface ModelAnswer {
  readonly permit: ModelPermit | null;
  readonly reason: AnswerReason | null;
  readonly retryAtMs: number | null;
}

export interface ModelFigures {
  requests: number;
  failures: number;
  failureRatio: number;
  slowRatio: number;
  consecutiveFailures: number;
}

export interface ModelTransition extends ModelFigures {
  from: CircuitState;
  to: CircuitState;
  reason: TransitionReason;
  atMs: number;
  retryAtMs: number | null;
}

interface Seen {
  readonly at: number;
  readonly result: CircuitResult;
  readonly slow: boolean;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export class ModelCircuit {
  now = Number.NEGATIVE_INFINITY;
  state: CircuitState = 'closed';
  transitions: ModelTransition[] = [];
  openedAt: number | null = null;
  retryAt: number | null = null;
  generation = 0;
  private since = 0;
  private log: Seen[] = []; // every result since the evidence began
  private window: Seen[] = []; // those of them that are still inside
  private probes: ModelPermit[] = [];
  private level = 0;
  private lastOpenMs: number | null = null;
  private closedAt = 0;
  private policy: CircuitPolicy;
  private readonly random: () => number;

  constructor(policy: CircuitPolicy, random: () => number) {
    this.policy = policy;
    this.random = random;
  }

  tick(clock: number): void {
    this.now = Math.max(this.now, clock);
    this.prune();
  }

  shown(): CircuitState {
    if (this.state === 'open' && this.retryAt !== null && this.now >= this.retryAt) return 'half_open';
    if (this.state === 'recovering' && this.now >= this.since + this.policy.rampMs) return 'closed';
    return this.state;
  }

  figures(): ModelFigures {
    const failures = this.window.filter((seen) => seen.result.outcome === 'failure').length;
    const slow = this.window.filter((seen) => seen.slow).length;
    return {
      requests: this.window.length,
      failures,
      failureRatio: share(failures, this.window.length),
      slowRatio: share(slow, this.window.length),
      consecutiveFailures: this.sinceSuccess().filter((seen) => seen.result.inStreak).length,
    };
  }

  acquire(): ModelAnswer {
    const { mode } = this.policy;
    if (mode === 'off') return { permit: this.uncounted(), reason: null, retryAtMs: null };
    const answer = this.answer();
    if (answer.permit !== null || mode === 'enforce') return answer;
    return { permit: this.uncounted(), reason: answer.reason, retryAtMs: null };
  }

  passive(): ModelPermit | null {
    if (this.policy.mode === 'off') return this.uncounted();
    if (['closed', 'recovering', 'disabled'].includes(this.shown())) return this.counted(false);
    return this.policy.mode === 'shadow' ? this.uncounted() : null;
  }

  report(permit: ModelPermit, result: CircuitResult): void {
    if (permit.generation !== this.generation) return;
    if (result.outcome === 'ignored') return this.release(permit);
    this.passTime();
    if (this.state === 'half_open') return this.reportProbe(permit, result);
    const seen: Seen = { at: this.now, result, slow: this.slow(result) };
    this.log.push(seen);
    this.window.push(seen);
    this.prune();
    const trip = this.trip();
    if (trip === null || this.state === 'disabled') return;
    const asked = Math.max(0, ...this.sinceSuccess().map((s) => s.at + s.result.retryAfterMs - this.now));
    this.open(this.state === 'recovering' ? 'ramp_failed' : trip, asked);
  }

  release(permit: ModelPermit): void {
    if (permit.fate === 'out') permit.fate = 'gone';
  }

  force(to: 'forced_open' | 'disabled' | 'auto'): boolean {
    if (this.policy.mode === 'off') return false;
    const forced = this.state === 'forced_open' || this.state === 'disabled';
    if (to === this.state || (to === 'auto' && !forced)) return true;
    if (to !== 'forced_open') this.forget();
    this.move(to === 'auto' ? 'closed' : to, 'operator');
    return true;
  }

  reconfigure(policy: CircuitPolicy): void {
    const before = this.policy.mode;
    this.policy = policy;
    this.prune();
    if ((policy.mode === 'off') === (before === 'off')) return;
    this.forget();
    if (this.state === 'closed') this.generation += 1;
    else this.move('closed', 'policy');
  }

  probesOut(): number {
    return this.probes.filter((probe) => probe.fate === 'out').length;
  }

  private answer(): ModelAnswer {
    this.passTime();
    const { leaseMs } = this.policy.halfOpen;
    const refuse = (reason: AnswerReason, retryAtMs: number | null): ModelAnswer => ({
      permit: null,
      reason,
      retryAtMs,
    });
    if (this.state === 'open') return refuse('circuit_open', this.retryAt);
    if (this.state === 'forced_open') return refuse('forced_open', this.now + this.policy.open.baseMs);
    if (this.state === 'recovering') {
      const done = (this.now - this.since) / this.policy.rampMs;
      if (this.random() >= 0.1 + 0.9 * done) return refuse('probe_limit', this.now);
    }
    if (this.state !== 'half_open') return { permit: this.counted(false), reason: null, retryAtMs: null };
    for (const probe of this.probes) {
      if (probe.fate === 'out' && this.now >= probe.grantedAt + leaseMs) probe.fate = 'gone';
    }
    if (this.probesOut() >= this.policy.halfOpen.probes) {
      const ends = this.probes.filter((probe) => probe.fate === 'out').map((probe) => probe.grantedAt + leaseMs);
      return refuse('probe_limit', Math.min(...ends));
    }
    const probe = this.counted(true);
    this.probes.push(probe);
    return { permit: probe, reason: null, retryAtMs: null };
  }

  private reportProbe(permit: ModelPermit, result: CircuitResult): void {
    if (permit.fate === 'gone') return;
    if (permit.fate === 'succeeded' && result.outcome === 'success') return;
    if (result.outcome === 'failure' || this.slow(result)) return this.open('probe_failed', result.retryAfterMs);
    permit.fate = 'succeeded';
    const successes = this.probes.filter((probe) => probe.fate === 'succeeded').length;
    if (successes < this.policy.halfOpen.successes) return;
    this.log = [];
    this.window = [];
    this.closedAt = this.now;
    this.move(this.policy.rampMs > 0 ? 'recovering' : 'closed', 'probes_succeeded');
  }

  /** Another process goes on, `downMs` later: it has the evidence, and nobody's permits. */
  restart(downMs: number): void {
    this.generation += 1;
    this.probes = [];
    this.tick(this.now + downMs);
    if (this.retryAt !== null) this.retryAt = Math.min(this.retryAt, this.now + this.policy.open.maxMs);
  }

  private passTime(): void {
    const shown = this.shown();
    if (shown === this.state) return;
    if (shown === 'half_open') this.move('half_open', 'open_time_over');
    else {
      this.closedAt = this.since + this.policy.rampMs;
      this.tell('closed', 'ramp_over'); // the evidence goes on: no new generation
    }
  }

  private trip(): TransitionReason | null {
    const { consecutiveFailures, failureRatio, slowRatio, requests, failures } = this.figures();
    const { policy } = this;
    const enough = requests >= policy.minimumRequests || requests >= policy.window.requests;
    if (policy.consecutiveFailures > 0 && consecutiveFailures >= policy.consecutiveFailures) {
      return 'consecutive_failures';
    }
    if (enough && failures > 0 && failureRatio >= policy.failureRatio) return 'failure_ratio';
    if (enough && policy.slow.afterMs > 0 && slowRatio > 0 && slowRatio >= policy.slow.ratio) return 'slow_ratio';
    return null;
  }

  private open(reason: TransitionReason, askedMs: number): void {
    const { baseMs, maxMs, jitter } = this.policy.open;
    if (this.lastOpenMs !== null) {
      const health = this.state === 'closed' ? this.now - this.closedAt : 0;
      const periods = Math.floor(health / this.lastOpenMs);
      if (periods > 0) this.level = Math.max(0, this.level - periods);
      else if (baseMs * 2 ** this.level < maxMs) this.level += 1;
    }
    const calm = Math.min(baseMs * 2 ** this.level, Math.max(Math.min(baseMs, maxMs), maxMs / (1 + jitter)));
    const own = Math.min(maxMs, Math.ceil(calm + calm * jitter * this.random()));
    this.lastOpenMs = Math.max(own, Math.min(askedMs, maxMs));
    this.retryAt = this.now + this.lastOpenMs;
    this.move('open', reason);
  }

  private move(to: CircuitState, reason: TransitionReason): void {
    this.generation += 1;
    this.probes = [];
    this.since = this.now;
    this.tell(to, reason);
  }

  private tell(to: CircuitState, reason: TransitionReason): void {
    const from = this.state;
    this.state = to;
    if (to !== 'open') this.retryAt = null;
    if (to === 'open' || to === 'forced_open') this.openedAt = this.now;
    else if (to !== 'half_open') this.openedAt = null;
    this.transitions.push({ from, to, reason, atMs: this.now, retryAtMs: this.retryAt, ...this.figures() });
  }

  private forget(): void {
    this.log = [];
    this.window = [];
    this.level = 0;
    this.lastOpenMs = null;
  }

  private prune(): void {
    const { requests, durationMs } = this.policy.window;
    this.window = this.window.filter((seen) => this.now - seen.at <= durationMs).slice(-requests);
  }

  private sinceSuccess(): Seen[] {
    const last = this.log.findLastIndex((seen) => seen.result.outcome === 'success');
    return this.log.slice(last + 1);
  }

  private slow(result: CircuitResult): boolean {
    return result.slow && this.policy.slow.afterMs > 0;
  }

  private counted(probe: boolean): ModelPermit {
    return { generation: this.generation, probe, grantedAt: this.now, fate: 'out' };
  }

  private uncounted(): ModelPermit {
    return { generation: -1, probe: false, grantedAt: this.now, fate: 'out' };
  }
}
