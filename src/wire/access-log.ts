// From the bytes of an access log message to the entries that settle attempts and requests.

import type { AttemptTrace, Evidence, RequestTrace, TraceEntry } from '../core/evidence.js';
import { LogEntry } from './log-entry.js';
import { LENGTH, Reader, tagOf } from './protobuf/reader.js';

const HTTP_LOGS = tagOf(2, LENGTH);
const LOG_ENTRY = tagOf(1, LENGTH);

/** Values of Envoy's enum AccessLogType. */
const REQUEST_ENDED = 6;
const ATTEMPT_ENDED = 9;

export interface AccessLogs {
  readonly entries: readonly TraceEntry[];
  /** Entries of types that say nothing about an attempt's or a request's end. */
  readonly other: number;
  /**
   * When what the first entry tells of was over, by Envoy's clock, in milliseconds since the epoch; null where there is none, or
   * it does not say. Entries of a message are in the order of their ends, so no other has waited longer.
   */
  readonly firstEndedAtMs: number | null;
}

/**
 * From the first byte sent upstream to the first byte back, or to the end where none came. Not from the attempt's start:
 * a retry's start lies before the gate's hold, which is our own waiting and says nothing about the upstream.
 * Without a byte sent, an attempt's whole duration; a request's then spans more than one attempt, so null.
 */
function durationMs({ type, firstSent, firstReceived, duration }: LogEntry): number | null {
  const end = firstReceived.present ? firstReceived : duration;
  if (!end.present) return null;
  if (firstSent.present) return Math.max(0, end.ms - firstSent.ms);
  return type === ATTEMPT_ENDED ? end.ms : null;
}

function evidence(entry: LogEntry): Evidence {
  const answered = entry.firstReceived.present;
  return {
    source: 'trace',
    flags: entry.flags,
    status: answered ? entry.code : null,
    grpcStatus: answered ? entry.grpcStatus : null,
    written: entry.firstSent.present,
    transportFailure: entry.text(entry.transportFailure),
    details: entry.text(entry.details),
    host: entry.host,
    durationMs: durationMs(entry),
  };
}

function attempt(entry: LogEntry): AttemptTrace {
  return {
    kind: 'attempt',
    id: entry.requestId,
    attempt: entry.attempt,
    cluster: entry.text(entry.cluster),
    evidence: evidence(entry),
  };
}

function request(entry: LogEntry): RequestTrace {
  return {
    kind: 'request',
    id: entry.requestId,
    cluster: entry.text(entry.cluster),
    evidence: evidence(entry),
    clientStatus: entry.code,
    attempts: entry.attemptCount,
  };
}

class Entries implements AccessLogs {
  readonly entries: TraceEntry[] = [];
  other = 0;
  firstEndedAtMs: number | null = null;

  add(entry: LogEntry): void {
    if (entry.type === ATTEMPT_ENDED) this.entries.push(attempt(entry));
    else if (entry.type === REQUEST_ENDED) this.entries.push(request(entry));
    else this.other++;
    this.firstEndedAtMs ??= entry.endedAtMs;
  }
}

function readEntries(reader: Reader, entry: LogEntry, found: Entries): void {
  while (reader.more) {
    const tag = reader.tag();
    if (tag === LOG_ENTRY) {
      const outer = reader.enter();
      entry.read();
      reader.leave(outer);
      found.add(entry);
    } else reader.skip(tag);
  }
}

/**
 * Every entry of one message, in order; a message that only identifies Envoy has none.
 * @throws WireError where the bytes from `start` to `end` are no such message.
 */
export function decodeAccessLogs(bytes: Buffer, start = 0, end = bytes.length): AccessLogs {
  const reader = new Reader(bytes, start, end);
  const entry = new LogEntry(reader);
  const found = new Entries();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === HTTP_LOGS) {
      const outer = reader.enter();
      readEntries(reader, entry, found);
      reader.leave(outer);
    } else reader.skip(tag);
  }
  return found;
}
