// The policy in force while the process runs: it follows its file, and stays what it is where the file is not fit to be one.

import { monotonicNow } from './clock.js';
import type { Logger } from './observe/logger.js';
import type { Metrics } from './observe/metrics.js';
import { policyReader } from './policy/apart.js';
import { formatProblem } from './policy/problems.js';
import type { Policy } from './policy/resolve.js';
import type { LoadResult } from './policy/result.js';
import { type PolicyChange, type PolicyWatch, watchPolicy } from './policy/watch.js';

export interface LivePolicyOptions {
  /** In force at the start, already checked. */
  readonly policy: Policy;
  readonly policyFile: string;
  /** The file's text, to notice changes against. */
  readonly policyText: string;
  readonly metrics: Pick<Metrics, 'policyReload'>;
  readonly logger: Pick<Logger, 'policyApplied' | 'policyRejected' | 'policyWarning'>;
  /** Told of every policy that comes into force. */
  readonly apply: (policy: Policy, now: number) => void;
  readonly fault: (error: unknown) => void;
}

const EMPTIED = 'the file is empty; write {} for the defaults';

export class LivePolicy {
  readonly #options: LivePolicyOptions;
  readonly #reader = policyReader();
  #current: Policy;
  #watch: PolicyWatch | null = null;

  constructor(options: LivePolicyOptions) {
    this.#options = options;
    this.#current = options.policy;
  }

  get current(): Policy {
    return this.#current;
  }

  /** Follows the file from now on. */
  follow(): void {
    const { policyFile, policyText } = this.#options;
    this.#watch = watchPolicy(policyFile, (change) => void this.#changed(change), { initialText: policyText });
  }

  close(): void {
    this.#watch?.close();
    this.#reader.close();
  }

  warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#options.logger.policyWarning(this.#options.policyFile, warning);
  }

  async #changed(change: PolicyChange): Promise<void> {
    try {
      if (change.kind === 'unreadable') return this.#rejected([change.message]);
      // As a full disk leaves it behind: nobody means to give up every fallback by it.
      if (change.text.trim() === '') return this.#rejected([EMPTIED]);
      const read = await this.#reader.read({ text: change.text, fileName: this.#options.policyFile });
      // Nothing: a newer text, or the end, came first.
      if (read !== null) this.#take(read);
    } catch (error) {
      this.#options.fault(error);
    }
  }

  #take(read: LoadResult): void {
    const { policyFile, metrics, logger, apply } = this.#options;
    if (!read.ok) return this.#rejected(read.problems.map(formatProblem));
    this.#current = read.policy;
    apply(read.policy, monotonicNow());
    metrics.policyReload('applied');
    logger.policyApplied(policyFile, read.warnings.length);
    this.warn(read.warnings);
  }

  /** The policy in force stays. */
  #rejected(errors: readonly string[]): void {
    this.#options.metrics.policyReload('rejected');
    this.#options.logger.policyRejected(this.#options.policyFile, errors);
  }
}
