// What the codec is held against: access logs as proto-loader decodes them from the definitions in `proto/`.

import type { AttemptTrace, Evidence, RequestTrace, TraceEntry } from '../../../../src/core/evidence.js';
import { wholeNumber } from '../../../../src/core/whole-number.js';
import { flagBits } from './flags.js';
import type { AccessLogCommon, Address, Duration, HttpAccessLogEntry } from './messages.js';
import { loadProtos } from './protos.js';

/** Values of Envoy's enum AccessLogType. */
const REQUEST_ENDED = 6;
const ATTEMPT_ENDED = 9;

const GRPC_STATUS = 'grpc-status';

export interface AccessLogs {
  readonly entries: readonly TraceEntry[];
  /** Entries of types that say nothing about an attempt's or a request's end. */
  readonly other: number;
  readonly firstEndedAtMs: number | null;
}

function milliseconds(duration: Duration): number {
  return (duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1_000_000;
}

/**
 * From the first byte sent upstream to the first byte back, or to the end where none came. Not from the attempt's start:
 * a retry's start lies before the gate's hold, which is our own waiting and says nothing about the upstream.
 * Without a byte sent, an attempt's whole duration; a request's then spans more than one attempt, so null.
 */
function durationMs(common: AccessLogCommon): number | null {
  const sent = common.timeToFirstUpstreamTxByte;
  const end = common.timeToFirstUpstreamRxByte ?? common.duration;
  if (end === undefined) return null;
  if (sent !== undefined) return Math.max(0, milliseconds(end) - milliseconds(sent));
  return common.accessLogType === ATTEMPT_ENDED ? milliseconds(end) : null;
}

function host(address: Address | undefined): string | null {
  if (address?.pipe?.path !== undefined) return address.pipe.path;
  const ip = address?.socketAddress?.address;
  if (ip === undefined) return null;
  const port = address?.socketAddress?.portValue ?? 0;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Decimal digits only, as Envoy and gRPC write them; null for anything else. */
function grpcStatus(response: HttpAccessLogEntry['response']): number | null {
  return wholeNumber(response?.responseTrailers?.[GRPC_STATUS] ?? response?.responseHeaders?.[GRPC_STATUS]);
}

function evidence(common: AccessLogCommon, response: HttpAccessLogEntry['response']): Evidence {
  const answered = common.timeToFirstUpstreamRxByte !== undefined;
  return {
    source: 'trace',
    flags: flagBits(common.responseFlags),
    status: answered ? (response?.responseCode?.value ?? null) : null,
    grpcStatus: answered ? grpcStatus(response) : null,
    written: common.timeToFirstUpstreamTxByte !== undefined,
    transportFailure: common.upstreamTransportFailureReason ?? '',
    details: response?.responseCodeDetails ?? '',
    host: host(common.upstreamRemoteAddress),
    durationMs: durationMs(common),
  };
}

function attempt(common: AccessLogCommon, entry: HttpAccessLogEntry): AttemptTrace {
  return {
    kind: 'attempt',
    id: common.customTags?.sluice_id ?? '',
    attempt: wholeNumber(common.customTags?.attempt) ?? 0,
    cluster: common.upstreamCluster ?? '',
    evidence: evidence(common, entry.response),
  };
}

function request(common: AccessLogCommon, entry: HttpAccessLogEntry): RequestTrace {
  return {
    kind: 'request',
    id: common.customTags?.sluice_id ?? '',
    cluster: common.upstreamCluster ?? '',
    evidence: evidence(common, entry.response),
    clientStatus: entry.response?.responseCode?.value ?? null,
    attempts: common.upstreamRequestAttemptCount ?? null,
  };
}

function endedAtMs({ startTime, duration }: AccessLogCommon): number | null {
  return startTime === undefined || duration === undefined ? null : milliseconds(startTime) + milliseconds(duration);
}

/**
 * Every entry of one message, in order; a message that only identifies Envoy has none.
 * @throws WireError where the bytes are no such message.
 */
export function decodeAccessLogs(bytes: Buffer): AccessLogs {
  const log = loadProtos().accessLogs.decode(bytes).httpLogs?.logEntry ?? [];
  const entries: TraceEntry[] = [];
  for (const entry of log) {
    const common = entry.commonProperties;
    if (common?.accessLogType === ATTEMPT_ENDED) entries.push(attempt(common, entry));
    else if (common?.accessLogType === REQUEST_ENDED) entries.push(request(common, entry));
  }
  const ends = log.flatMap(({ commonProperties = {} }) => endedAtMs(commonProperties) ?? []);
  return { entries, other: log.length - entries.length, firstEndedAtMs: ends[0] ?? null };
}
