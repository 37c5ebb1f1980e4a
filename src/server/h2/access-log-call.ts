// envoy.service.accesslog.v3.AccessLogService on the direct transport: Envoy keeps one stream open per worker for as
// long as it runs, and expects no answer. The stream is ended from here only while draining.

import { decodeAccessLogs } from '../../wire/access-log.js';
import { type AccessLogOptions, handleEntries } from '../trace-entries.js';
import type { Call, Responder } from './call.js';
import { STATUS } from './status.js';

/** StreamAccessLogsResponse has no fields. */
const RESPONSE = Buffer.alloc(0);

/** The log streams of all connections. */
export class OpenLogs {
  private readonly calls = new Set<AccessLogCall>();
  private over = false;

  add(call: AccessLogCall): void {
    this.calls.add(call);
    if (this.over) call.halfClosed();
  }

  delete(call: AccessLogCall): void {
    this.calls.delete(call);
  }

  /** Ends every one, and those that still come; Envoy opens new ones where it can. */
  endAll(): void {
    this.over = true;
    for (const call of [...this.calls]) call.halfClosed();
  }
}

export class AccessLogCall implements Call {
  private readonly responder: Responder;
  private readonly options: AccessLogOptions;
  private readonly openLogs: OpenLogs;

  constructor(responder: Responder, options: AccessLogOptions, openLogs: OpenLogs) {
    this.responder = responder;
    this.options = options;
    this.openLogs = openLogs;
    openLogs.add(this);
  }

  message(bytes: Buffer, start: number, end: number): void {
    try {
      handleEntries(decodeAccessLogs(bytes, start, end), this.options);
    } catch (error) {
      this.options.hooks.fault('access_log_message', error);
      this.responder.fail(STATUS.internal, 'a message is no access log');
    }
  }

  halfClosed(): void {
    this.responder.send(RESPONSE);
    this.responder.end();
  }

  closed(): void {
    this.openLogs.delete(this);
    this.options.hooks.logEnded();
  }
}
