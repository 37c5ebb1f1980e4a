// What is known of an attempt, in one shape for its three sources: a judge's response headers, the admission
// filter's view of the final answer, and the access log. `classify` reads it and nothing else.

/** Envoy's response flags, as the bits of the `response.flags` attribute. */
export const FLAGS = {
  noHealthyUpstream: 0x2, // UH
  upstreamRequestTimeout: 0x4, // UT
  localReset: 0x8, // LR
  upstreamRemoteReset: 0x10, // UR
  upstreamConnectionFailure: 0x20, // UF
  upstreamConnectionTermination: 0x40, // UC
  upstreamOverflow: 0x80, // UO
  noRoute: 0x100, // NR
  delayInjected: 0x200, // DI
  faultInjected: 0x400, // FI
  rateLimited: 0x800, // RL
  unauthorized: 0x1000, // UAEX
  rateLimitServiceError: 0x2000, // RLSE
  downstreamConnectionTermination: 0x4000, // DC
  retryLimitExceeded: 0x8000, // URX
  streamIdleTimeout: 0x10000, // SI
  invalidRequestHeaders: 0x20000, // IH
  downstreamProtocolError: 0x40000, // DPE
  maxStreamDuration: 0x80000, // UMSDR
  durationTimeout: 0x400000, // DT
  upstreamProtocolError: 0x800000, // UPE
  noCluster: 0x1000000, // NC
  overloadManager: 0x2000000, // OM
  dnsFailure: 0x4000000, // DF
  downstreamRemoteReset: 0x10000000, // DR
} as const;

/** The client went away: nobody's failure, and what the log tells of it comes in another order. */
export const CLIENT_GONE = FLAGS.downstreamConnectionTermination | FLAGS.downstreamRemoteReset;

export type EvidenceSource = 'judge' | 'admission' | 'trace';

export interface Evidence {
  readonly source: EvidenceSource;
  /** Bits of FLAGS. */
  readonly flags: number;
  /** The upstream's own status; null where no upstream answered (a local reply has none). */
  readonly status: number | null;
  /** The upstream's `grpc-status`; null where it sent none. */
  readonly grpcStatus: number | null;
  /** Was a byte of the request written upstream? null: this source cannot tell. */
  readonly written: boolean | null;
  /** Envoy's words for a failed connection or handshake; '' where there are none. */
  readonly transportFailure: string;
  /** Envoy's response code details; '' where there are none. */
  readonly details: string;
  /** Address of the host; null where none was picked. */
  readonly host: string | null;
  /** From the start of the attempt to its response headers, or to its end where none came; null: unknown. */
  readonly durationMs: number | null;
}

/** The same with a duration: every field by name, because a copy by `...` costs a look-up of the object's shape. */
export function lasting(evidence: Evidence, durationMs: number | null): Evidence {
  const { source, flags, status, grpcStatus, written, transportFailure, details, host } = evidence;
  return { source, flags, status, grpcStatus, written, transportFailure, details, host, durationMs };
}

/** One entry of the router's upstream log: an attempt that has ended. */
export interface AttemptTrace {
  readonly kind: 'attempt';
  /** The `sluice_id` tag; '' where the entry carries none. */
  readonly id: string;
  /** The `attempt` tag, from 1; 0 where the entry carries none. */
  readonly attempt: number;
  /** '' where no host was picked. */
  readonly cluster: string;
  readonly evidence: Evidence;
}

/** One entry of the connection manager's log: a request that has ended. */
export interface RequestTrace {
  readonly kind: 'request';
  readonly id: string;
  readonly cluster: string;
  readonly evidence: Evidence;
  /** Status the client was sent; null where it was sent none. */
  readonly clientStatus: number | null;
  /** Attempts that Envoy made; null where the entry does not say. */
  readonly attempts: number | null;
}

export type TraceEntry = AttemptTrace | RequestTrace;
