// What the codec is held against: a ProcessingRequest as proto-loader decodes it from the definitions in `proto/`.

import type { OtherPhase, StreamEvent } from '../../../../src/core/stream.js';
import { WireError } from '../../../../src/wire/error.js';
import { WireAttributes } from './attributes.js';
import { WireHeaders } from './headers.js';
import type { HttpHeaders, ProcessingRequest } from './messages.js';
import { loadProtos } from './protos.js';

/** The filter's name, under which its attributes are filed. */
const FILTER = 'envoy.filters.http.ext_proc';

function headersEvent(
  kind: 'request_headers' | 'response_headers',
  message: HttpHeaders,
  request: ProcessingRequest,
): StreamEvent {
  return {
    kind,
    headers: new WireHeaders(message.headers?.headers ?? []),
    attributes: new WireAttributes(request.attributes?.[FILTER]),
  };
}

function otherPhase(request: ProcessingRequest): OtherPhase | null {
  if (request.requestBody !== undefined) return 'request_body';
  if (request.responseBody !== undefined) return 'response_body';
  if (request.requestTrailers !== undefined) return 'request_trailers';
  if (request.responseTrailers !== undefined) return 'response_trailers';
  return null;
}

/**
 * One message of Envoy's. Unknown fields are ignored.
 * @throws WireError where the bytes are no such message, or one of a kind that did not exist when this was written:
 * it has no answer, and failing its stream lets Envoy go on at once where silence would cost it a timeout.
 */
export function decodeProcessingRequest(bytes: Buffer): StreamEvent {
  const request = loadProtos().processingRequest.decode(bytes);
  if (request.requestHeaders !== undefined) return headersEvent('request_headers', request.requestHeaders, request);
  if (request.responseHeaders !== undefined) return headersEvent('response_headers', request.responseHeaders, request);
  const phase = otherPhase(request);
  if (phase === null) throw new WireError(`a ProcessingRequest of ${bytes.length} bytes is of no kind known here`);
  return { kind: 'other', phase };
}
