// envoy.service.accesslog.v3.AccessLogService: Envoy keeps one stream open per worker for as long as it runs, and
// expects no answer. The stream is ended from here only while draining.

import type { Server, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import type { TraceEntry } from '../core/evidence.js';
import { type AccessLogs, decodeAccessLogs } from '../wire/access-log.js';
import { reporting, type TransportHooks } from './hooks.js';

export const ACCESS_LOG_SERVICE = 'envoy.service.accesslog.v3.AccessLogService';

/** StreamAccessLogsResponse has no fields. */
const NO_BYTES = Buffer.alloc(0);

export interface AccessLogOptions {
  /** Called for every attempt and request that has ended. */
  readonly traced: (entry: TraceEntry) => void;
  readonly hooks: TransportHooks;
}

export interface AccessLogStreams {
  /** Ends every open stream; Envoy opens new ones where it can. */
  endAll(): void;
}

function handle({ entries }: AccessLogs, { traced, hooks }: AccessLogOptions): void {
  for (const entry of entries) {
    try {
      traced(entry);
    } catch (error) {
      hooks.fault('access_log_entry', error);
    }
  }
}

export function addAccessLogService(server: Server, options: AccessLogOptions): AccessLogStreams {
  const open = new Set<() => void>();
  server.register<AccessLogs, null>(
    `/${ACCESS_LOG_SERVICE}/StreamAccessLogs`,
    (call: ServerReadableStream<AccessLogs, null>, respond: sendUnaryData<null>) => {
      const end = () => {
        if (open.delete(end)) respond(null, null);
      };
      const gone = () => open.delete(end);
      open.add(end);
      call.on('data', (logs: AccessLogs) => handle(logs, options));
      call.once('end', end);
      call.once('cancelled', gone);
      call.once('error', gone);
      call.once('close', gone);
    },
    () => NO_BYTES,
    reporting(options.hooks, 'access_log_message', decodeAccessLogs),
    'clientStream',
  );
  return {
    endAll() {
      for (const end of [...open]) end();
    },
  };
}
