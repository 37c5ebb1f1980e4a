// A budget for what a peer may do now and then but not all the time: it refills with time, and with useful work, so
// that a busy connection may do more of it than an idle one.

export interface Rate {
  /** How much may come at once. */
  readonly burst: number;
  readonly perSecond: number;
  /** Earned by each message that a handler got. */
  readonly perMessage: number;
}

export class Budget {
  private readonly rate: Rate;
  private readonly now: () => number;
  private left: number;
  private refilledAtMs: number;

  /** @param now monotonic milliseconds; asked only when the budget is spent. */
  constructor(rate: Rate, now: () => number) {
    this.rate = rate;
    this.now = now;
    this.left = rate.burst;
    this.refilledAtMs = now();
  }

  /** False: there is none left. */
  take(): boolean {
    if (this.left < 1) this.refill();
    if (this.left < 1) return false;
    this.left--;
    return true;
  }

  worked(): void {
    const earned = this.left + this.rate.perMessage;
    this.left = earned < this.rate.burst ? earned : this.rate.burst;
  }

  private refill(): void {
    const nowMs = this.now();
    const earned = ((nowMs - this.refilledAtMs) / 1000) * this.rate.perSecond;
    this.left = Math.min(this.rate.burst, this.left + earned);
    this.refilledAtMs = nowMs;
  }
}
