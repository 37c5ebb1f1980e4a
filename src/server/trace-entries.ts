// What every transport does with a message of the access log once it is read.

import type { TraceEntry } from '../core/evidence.js';
import type { AccessLogs } from '../wire/access-log.js';
import type { TransportHooks } from './hooks.js';

export interface AccessLogOptions {
  /** Called for every attempt and request that has ended. */
  readonly traced: (entry: TraceEntry) => void;
  readonly hooks: TransportHooks;
}

/** Hands on every entry, past one that could not be handled. */
export function handleEntries({ entries, firstEndedAtMs }: AccessLogs, { traced, hooks }: AccessLogOptions): void {
  if (firstEndedAtMs !== null) hooks.traceArrived(firstEndedAtMs);
  for (const entry of entries) {
    try {
      traced(entry);
    } catch (error) {
      hooks.fault('access_log_entry', error);
    }
  }
}
