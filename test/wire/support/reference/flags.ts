// Response flags from proto-loader's objects.

import { FLAGS } from '../../../../src/core/evidence.js';
import type { ResponseFlags } from './messages.js';

const BITS: ReadonlyMap<string, number> = new Map([
  ['noHealthyUpstream', FLAGS.noHealthyUpstream],
  ['upstreamRequestTimeout', FLAGS.upstreamRequestTimeout],
  ['localReset', FLAGS.localReset],
  ['upstreamRemoteReset', FLAGS.upstreamRemoteReset],
  ['upstreamConnectionFailure', FLAGS.upstreamConnectionFailure],
  ['upstreamConnectionTermination', FLAGS.upstreamConnectionTermination],
  ['upstreamOverflow', FLAGS.upstreamOverflow],
  ['noRouteFound', FLAGS.noRoute],
  ['delayInjected', FLAGS.delayInjected],
  ['faultInjected', FLAGS.faultInjected],
  ['rateLimited', FLAGS.rateLimited],
  ['unauthorizedDetails', FLAGS.unauthorized],
  ['rateLimitServiceError', FLAGS.rateLimitServiceError],
  ['downstreamConnectionTermination', FLAGS.downstreamConnectionTermination],
  ['upstreamRetryLimitExceeded', FLAGS.retryLimitExceeded],
  ['streamIdleTimeout', FLAGS.streamIdleTimeout],
  ['invalidEnvoyRequestHeaders', FLAGS.invalidRequestHeaders],
  ['downstreamProtocolError', FLAGS.downstreamProtocolError],
  ['upstreamMaxStreamDurationReached', FLAGS.maxStreamDuration],
  ['durationTimeout', FLAGS.durationTimeout],
  ['upstreamProtocolError', FLAGS.upstreamProtocolError],
  ['noClusterFound', FLAGS.noCluster],
  ['overloadManager', FLAGS.overloadManager],
  ['dnsResolutionFailure', FLAGS.dnsFailure],
  ['downstreamRemoteReset', FLAGS.downstreamRemoteReset],
]);

/** Flags that `FLAGS` has no bit for are left out. */
export function flagBits(flags: ResponseFlags | undefined): number {
  let bits = 0;
  for (const flag in flags) {
    if (flags[flag] !== false) bits |= BITS.get(flag) ?? 0;
  }
  return bits;
}
