// What one peer may cost us. Each limit is far above what Envoy does and far below what hurts.

import { MAX_RECEIVED_BYTES, MAX_SENT_BYTES } from '../services.js';
import type { Rate } from './rate.js';

export interface Limits {
  readonly maxConnections: number;
  /** For the client's preface to arrive: whoever says nothing holds nothing. */
  readonly prefaceMs: number;
  /** Open at a time on one connection. Envoy opens another connection when it needs more. */
  readonly maxStreams: number;
  /** HEADERS and its CONTINUATIONs together, as they are on the wire. */
  readonly maxHeaderBlockBytes: number;
  /** CONTINUATION frames of one block (CVE-2024-27316). */
  readonly maxContinuations: number;
  /** What the peer may have us remember of its headers. Without a table its blocks repeat: see block-cache.ts. */
  readonly headerTableBytes: number;
  /** Names, values and 32 bytes for each header, decoded: a few bytes can stand for a large table entry. */
  readonly maxHeaderListBytes: number;
  /** One gRPC message that comes, or that goes. */
  readonly maxMessageBytes: number;
  readonly maxAnswerBytes: number;
  /** Of messages that have begun to arrive, all streams of a connection together. */
  readonly maxPartialBytes: number;
  /** Of answers that wait for the peer to open its windows (CVE-2019-9511, CVE-2019-9517). */
  readonly maxQueuedBytes: number;
  /** Written, and not taken by the kernel: above it nothing more is read. */
  readonly pauseAboveBytes: number;
  /** As above, but of a connection that is cut off: its peer does not read. */
  readonly maxUnsentBytes: number;
  /** Frames that are work for us and bring none along: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, unknown. */
  readonly idleFrames: Rate;
  /** Streams that ended before they brought a message, by the peer's reset or for its mistake (CVE-2023-44487). */
  readonly wastedStreams: Rate;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS: Limits = {
  maxConnections: 1_024,
  prefaceMs: 10_000,
  maxStreams: 16_384,
  maxHeaderBlockBytes: 32 * KIB,
  maxContinuations: 8,
  headerTableBytes: 0,
  maxHeaderListBytes: 32 * KIB,
  maxMessageBytes: MAX_RECEIVED_BYTES,
  maxAnswerBytes: MAX_SENT_BYTES,
  maxPartialBytes: 16 * MIB,
  maxQueuedBytes: 16 * MIB,
  pauseAboveBytes: 256 * KIB,
  maxUnsentBytes: 32 * MIB,
  idleFrames: { burst: 2_000, perSecond: 200, perMessage: 4 },
  wastedStreams: { burst: 1_000, perSecond: 50, perMessage: 0 },
};

/** Our windows. Streams rarely need an update: two messages of headers fit. */
export const STREAM_WINDOW = MIB;
export const CONNECTION_WINDOW = 16 * MIB;
