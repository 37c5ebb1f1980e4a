// The bytes of what Envoy says of a request where nothing is wrong, for benchmarks that leave Envoy itself out.

import { message } from '../../server/h2/support/frames.js';
import { attributes, double, field, header, numeric, requestHeaders, text } from '../../wire/support/bytes.js';

export const CLUSTER = 'orders';

/** gRPC messages of admission, both phases. */
export const REQUEST = message(
  requestHeaders(
    [
      header(':method', 'GET'),
      header(':path', '/orders/1?x=y'),
      header('x-forwarded-proto', 'http'),
      header('x-request-id', '6bd0b2e2-3c86-4f5b-9d3b-0b6f3f6b1a11'),
    ],
    attributes([
      ['xds.cluster_name', text(CLUSTER)],
      ['xds.route_name', text('route')],
    ]),
  ),
);
export const RESPONSE = message(
  Buffer.concat([
    field(3, field(1, header(':status', '200'), header('content-type', 'text/plain'))),
    attributes([
      ['xds.cluster_name', text(CLUSTER)],
      ['response.flags', double(0)],
      ['response.code_details', text('via_upstream')],
      ['upstream.request_attempt_count', double(1)],
      ['upstream.address', text('10.0.0.1:80')],
    ]),
  ]),
);

/** Values of Envoy's enum AccessLogType. */
const REQUEST_ENDED = 6;
const ATTEMPT_ENDED = 9;
const lasting = (ms: number) => numeric(2, ms * 1e6);
const tag = (name: string, value: string) => field(22, field(1, name), field(2, value));

/** A gRPC message of the access log: for each id, its attempt and the request. */
export function logEntries(ids: readonly string[]): Buffer {
  const entry = (id: string, type: number) =>
    field(
      1,
      field(
        1,
        field(7, lasting(1)),
        field(9, lasting(3)),
        field(15, CLUSTER),
        tag('attempt', '1'),
        tag('sluice_id', id),
        field(23, lasting(4)),
        numeric(24, 1),
        numeric(33, type),
      ),
      field(4, field(1, numeric(1, 200)), field(6, 'via_upstream')),
    );
  return message(field(2, ...ids.flatMap((id) => [entry(id, ATTEMPT_ENDED), entry(id, REQUEST_ENDED)])));
}
