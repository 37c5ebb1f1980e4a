// The access log names Envoy's response flags one by one; the core reads them as the bits of `response.flags`.

import { FLAGS } from '../core/evidence.js';
import { LENGTH, type Reader, tagOf, VARINT } from './protobuf/reader.js';

/** By the number of the field that says so. */
const BITS: readonly (number | undefined)[] = [
  undefined,
  undefined,
  FLAGS.noHealthyUpstream,
  FLAGS.upstreamRequestTimeout,
  FLAGS.localReset,
  FLAGS.upstreamRemoteReset,
  FLAGS.upstreamConnectionFailure,
  FLAGS.upstreamConnectionTermination,
  FLAGS.upstreamOverflow,
  FLAGS.noRoute,
  FLAGS.delayInjected,
  FLAGS.faultInjected,
  FLAGS.rateLimited,
  undefined,
  FLAGS.rateLimitServiceError,
  FLAGS.downstreamConnectionTermination,
  FLAGS.retryLimitExceeded,
  FLAGS.streamIdleTimeout,
  FLAGS.invalidRequestHeaders,
  FLAGS.downstreamProtocolError,
  FLAGS.maxStreamDuration,
  undefined,
  undefined,
  FLAGS.durationTimeout,
  FLAGS.upstreamProtocolError,
  FLAGS.noCluster,
  FLAGS.overloadManager,
  FLAGS.dnsFailure,
  FLAGS.downstreamRemoteReset,
];
/** A message that says who refused; here only its presence counts. */
const UNAUTHORIZED = tagOf(13, LENGTH);

/** What a ResponseFlags message makes of the bits so far. Flags that `FLAGS` has no bit for are left out. */
export function readFlags(reader: Reader, before: number): number {
  let bits = before;
  while (reader.more) {
    const tag = reader.tag();
    const bit = (tag & 7) === VARINT ? BITS[tag >>> 3] : undefined;
    if (bit !== undefined) bits = reader.bool() ? bits | bit : bits & ~bit;
    else {
      if (tag === UNAUTHORIZED) bits |= FLAGS.unauthorized;
      reader.skip(tag);
    }
  }
  return bits;
}
