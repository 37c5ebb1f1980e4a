// envoy.service.accesslog.v3.AccessLogService on grpc-js: Envoy keeps one stream open per worker for as long as it runs, and
// expects no answer. The stream is ended from here only while draining.

import type { Server, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import { type AccessLogs, decodeAccessLogs } from '../wire/access-log.js';
import { reporting } from './hooks.js';
import { METHODS } from './services.js';
import { type AccessLogOptions, handleEntries } from './trace-entries.js';

/** StreamAccessLogsResponse has no fields. */
const NO_BYTES = Buffer.alloc(0);

export interface AccessLogStreams {
  /** Ends every open stream; Envoy opens new ones where it can. */
  endAll(): void;
}

export function addAccessLogService(server: Server, options: AccessLogOptions): AccessLogStreams {
  const open = new Set<() => void>();
  server.register<AccessLogs, null>(
    METHODS.streamAccessLogs,
    (call: ServerReadableStream<AccessLogs, null>, respond: sendUnaryData<null>) => {
      const end = () => {
        if (gone()) respond(null, null);
      };
      /** false: it was over before. */
      const gone = () => {
        const first = open.delete(end);
        if (first) options.hooks.logEnded();
        return first;
      };
      open.add(end);
      call.on('data', (logs: AccessLogs) => handleEntries(logs, options));
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
