// A storm of refusals is one event to an operator, not a thousand lines. Each cluster and reason has a few lines a
// second, all of them together have a limit, and what was left out is counted, so that a summary can say how much.

export interface RateLimitOptions {
  /** Lines per second for one cluster and reason. */
  readonly perKey: number;
  /** Lines per second for all. */
  readonly total: number;
  /** Clusters told apart; the rest share one key. */
  readonly maxClusters: number;
}

export interface LeftOut {
  readonly cluster: string;
  readonly reason: string;
  readonly count: number;
}

interface Second {
  startedAtMs: number;
  used: number;
  leftOut: number;
}

const SECOND_MS = 1000;
const OTHER = '_other';

export class RateLimit {
  private readonly options: RateLimitOptions;
  /** By cluster, then reason: no key is built for a line that will not be written. */
  private readonly clusters = new Map<string, Map<string, Second>>();
  private readonly all: Second = { startedAtMs: Number.NEGATIVE_INFINITY, used: 0, leftOut: 0 };

  constructor(options: RateLimitOptions) {
    this.options = options;
  }

  /** May this line be written? A no is counted. */
  allows(cluster: string, reason: string, nowMs: number): boolean {
    const own = this.secondOf(cluster, reason);
    roll(own, nowMs);
    roll(this.all, nowMs);
    if (own.used >= this.options.perKey || this.all.used >= this.options.total) {
      own.leftOut++;
      return false;
    }
    own.used++;
    this.all.used++;
    return true;
  }

  /** What was left out in the seconds that are over, most first; forgets it, and every key that is idle. */
  takeLeftOut(nowMs: number): LeftOut[] {
    const taken: LeftOut[] = [];
    for (const [cluster, reasons] of this.clusters) {
      for (const [reason, second] of reasons) {
        if (nowMs - second.startedAtMs < SECOND_MS) continue;
        if (second.leftOut > 0) taken.push({ cluster, reason, count: second.leftOut });
        reasons.delete(reason);
      }
      if (reasons.size === 0) this.clusters.delete(cluster);
    }
    return taken.sort((a, b) => b.count - a.count);
  }

  private secondOf(cluster: string, reason: string): Second {
    const reasons = this.reasonsOf(cluster);
    let second = reasons.get(reason);
    if (second === undefined) {
      second = { startedAtMs: Number.NEGATIVE_INFINITY, used: 0, leftOut: 0 };
      reasons.set(reason, second);
    }
    return second;
  }

  private reasonsOf(cluster: string): Map<string, Second> {
    const known = this.clusters.get(cluster);
    if (known !== undefined) return known;
    if (this.clusters.size >= this.options.maxClusters && cluster !== OTHER) return this.reasonsOf(OTHER);
    const reasons = new Map<string, Second>();
    this.clusters.set(cluster, reasons);
    return reasons;
  }
}

/** A new second gives new lines; what was left out waits for its summary. */
function roll(second: Second, nowMs: number): void {
  if (nowMs - second.startedAtMs < SECOND_MS) return;
  second.startedAtMs = nowMs;
  second.used = 0;
}
