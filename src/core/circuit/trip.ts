// When a circuit opens, and which of several reasons is named. A pure question about figures, so that closed and
// recovering circuits cannot come to judge differently.

import type { CircuitPolicy } from '../policy.js';
import type { TripReason } from '../reasons.js';
import type { ResultWindow } from './window.js';

/**
 * The first reason that holds, in the order of TRIP_REASONS; null: stay as it is. Thresholds are inclusive.
 *
 * The window must be up to date. Ratios are compared as quotients: 7 / 100 is the very double that `0.07` in a
 * policy file is, while 0.07 * 100 is a little more than 7. A ratio of 0 still takes one failure (one slow result). A
 * `minimumRequests` above the size of the window means a full window, else the ratio could never open.
 */
export function tripReason(
  policy: CircuitPolicy,
  window: ResultWindow,
  consecutiveFailures: number,
): TripReason | null {
  if (policy.consecutiveFailures > 0 && consecutiveFailures >= policy.consecutiveFailures) {
    return 'consecutive_failures';
  }
  const { requests, failures, slow } = window;
  if (requests < Math.min(policy.minimumRequests, policy.window.requests)) return null;
  if (failures > 0 && failures / requests >= policy.failureRatio) return 'failure_ratio';
  if (policy.slow.afterMs > 0 && slow > 0 && slow / requests >= policy.slow.ratio) return 'slow_ratio';
  return null;
}
