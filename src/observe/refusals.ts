// What was turned away at a port because there is a limit to it: the label of a metric, so a closed list. Each costs the one
// who asked, and nobody else.

import type { PastLimit } from '../server/hooks.js';

/** At the gRPC address, and at that for health checks. */
const AT_GRPC = [
  'grpc_connection',
  'grpc_stream',
  'grpc_headers',
  'grpc_message',
] as const satisfies readonly `grpc_${PastLimit}`[];

/** At the HTTP address. */
const AT_HTTP = [
  'http_connection', // as many as may be are open
  'http_headers', // answered 431, or 414
  'http_body', // answered 413
  'http_slow', // answered 408: the request did not come in time
  'http_rate', // answered 429: too many changes, or wrong tokens
] as const;

export const REFUSALS = [...AT_GRPC, ...AT_HTTP] as const;
export type PortRefusal = (typeof REFUSALS)[number];

/** By the status that it was answered with; null: that is no limit of ours. */
export function refusalOfStatus(status: number): PortRefusal | null {
  switch (status) {
    case 413:
      return 'http_body';
    case 414:
      return 'http_headers';
    case 429:
      return 'http_rate';
    default:
      return null;
  }
}

/** By the code of an error that Node's parser, or its clock, gave up a request with; null: as above. */
export function refusalOfParser(code: string | undefined): PortRefusal | null {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'http_headers';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'http_slow';
    default:
      return null;
  }
}
