// Which method is asked for, and what a request that asks for none is told.

import type { HealthBoard } from '../health-board.js';
import type { ExtProcOptions } from '../process-stream.js';
import { METHODS } from '../services.js';
import type { AccessLogOptions } from '../trace-entries.js';
import { AccessLogCall, type OpenLogs } from './access-log-call.js';
import { ANSWERED, type OpenCall } from './call.js';
import { openProcess } from './ext-proc-call.js';
import { CheckCall, ListCall, WatchCall } from './health-calls.js';
import { refusal } from './refused-call.js';
import type { RequestHead } from './request-head.js';
import { STATUS } from './status.js';

export interface Services {
  readonly process: ExtProcOptions;
  readonly logs: AccessLogOptions;
  readonly openLogs: OpenLogs;
  readonly health: HealthBoard;
}

const GRPC = 'application/grpc';
const NOT_POST = 405;
const NOT_GRPC = 415;
const HINT = 'Sluice speaks gRPC here; people are better served at its HTTP address.\n';

/** `application/grpc`, with or without a codec (`+proto`) or parameters. */
function isGrpc(contentType: string): boolean {
  if (!contentType.startsWith(GRPC)) return false;
  const next = contentType[GRPC.length];
  return next === undefined || next === '+' || next === ';';
}

function unimplemented(path: string): OpenCall {
  return (responder) => {
    responder.fail(STATUS.unimplemented, `there is no method ${path}`);
    return ANSWERED;
  };
}

type Route = (head: RequestHead) => OpenCall;

/** What serves a request. What it gives is kept, and used for every request with the same headers. */
export function router({ process, logs, openLogs, health }: Services): Route {
  return calls((head) => {
    switch (head.path) {
      case METHODS.process:
        return openProcess(head.role, process);
      case METHODS.streamAccessLogs:
        return (responder) => new AccessLogCall(responder, logs, openLogs);
      default:
        return healthCall(head.path, health);
    }
  });
}

/** The same for an address that answers health checks alone. */
export function healthRouter(health: HealthBoard): Route {
  return calls((head) => healthCall(head.path, health));
}

function calls(route: Route): Route {
  return (head) => {
    if (head.method !== 'POST') return refusal(NOT_POST, HINT);
    if (!isGrpc(head.contentType)) return refusal(NOT_GRPC, HINT);
    return route(head);
  };
}

function healthCall(path: string, health: HealthBoard): OpenCall {
  switch (path) {
    case METHODS.healthCheck:
      return (responder) => new CheckCall(responder, health);
    case METHODS.healthList:
      return (responder) => new ListCall(responder, health);
    case METHODS.healthWatch:
      return (responder) => new WatchCall(responder, health);
    default:
      return unimplemented(path);
  }
}
