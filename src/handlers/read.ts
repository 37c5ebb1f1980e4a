// Reads what the core wants to know out of headers and attributes. Whatever is missing or malformed becomes "not
// known", never an error: these values come from clients, upstreams and other people's Envoy configuration.

import { startOf } from '../core/bounded-text.js';
import type { Evidence } from '../core/evidence.js';
import type { RequestFacts } from '../core/request.js';
import type { Attributes, Headers } from '../core/stream.js';
import { wholeNumber } from '../core/whole-number.js';
import { ATTRIBUTE, HEADER } from './names.js';

const PATH_LENGTH = 256;
const METHOD_LENGTH = 32;

export function factsOf(headers: Headers, attributes: Attributes): RequestFacts {
  const method = startOf(headers.get(':method') ?? '', METHOD_LENGTH);
  const route = attributes.string(ATTRIBUTE.route) ?? '';
  return {
    method,
    path: pathOf(headers.get(':path') ?? ''),
    route,
    cluster: attributes.string(ATTRIBUTE.cluster) ?? '',
    oneCluster: false,
    idempotencyKey: (headers.get('idempotency-key') ?? '') !== '',
    upgrade: method === 'CONNECT' || headers.get('upgrade') !== undefined || headers.get(':protocol') !== undefined,
    grpc: isGrpc(headers.get('content-type') ?? ''),
    headers,
  };
}

/** Without the query: it may hold what nobody should read in a log. */
function pathOf(path: string): string {
  const query = path.indexOf('?');
  return startOf(path, query < 0 ? PATH_LENGTH : Math.min(query, PATH_LENGTH));
}

export function attemptOf(headers: Headers, attributes: Attributes): number {
  return wholeNumber(headers.get(HEADER.attempt)) ?? attributes.number(ATTRIBUTE.attempts) ?? 1;
}

/** Time that Envoy still gives the request; null where it sets no limit. */
export function remainingMs(headers: Headers): number | null {
  return wholeNumber(headers.get(HEADER.expectedTimeout));
}

/** At the judge, every response is the upstream's own. */
export function judgedEvidence(headers: Headers, host: string | null): Evidence {
  return {
    source: 'judge',
    flags: 0,
    status: wholeNumber(headers.get(':status')),
    grpcStatus: wholeNumber(headers.get('grpc-status')),
    written: true,
    transportFailure: '',
    details: '',
    host,
    durationMs: null,
  };
}

const VIA_UPSTREAM = 'via_upstream';

/** At admission, a response may be Envoy's own: the details tell. */
export function finalEvidence(headers: Headers, attributes: Attributes): Evidence {
  const flags = attributes.number(ATTRIBUTE.flags) ?? 0;
  const details = attributes.string(ATTRIBUTE.details) ?? '';
  const viaUpstream = details === '' ? flags === 0 : details === VIA_UPSTREAM;
  return {
    source: 'admission',
    flags,
    status: viaUpstream ? wholeNumber(headers.get(':status')) : null,
    grpcStatus: viaUpstream ? wholeNumber(headers.get('grpc-status')) : null,
    // Nothing that is known here tells: only the log knows of the first byte.
    written: null,
    transportFailure: attributes.string(ATTRIBUTE.transportFailure) ?? '',
    details,
    host: attributes.string(ATTRIBUTE.host) ?? null,
    durationMs: null,
  };
}

const GRPC = 'application/grpc';

/** As Envoy tells it: `application/grpc-web` is none, and gets an answer of plain HTTP. */
function isGrpc(contentType: string): boolean {
  return contentType.startsWith(GRPC) && (contentType.length === GRPC.length || contentType[GRPC.length] === '+');
}
