// Messages whose form is right and whose header values are not: what clients and upstreams can send through Envoy.

import { attributes, double, field, header, text } from '../../wire/support/bytes.js';
import { type Below, pick } from './random.js';

/** Everything that Sluice reads. */
const NAMES = [
  ...[':method', ':path', ':status', ':authority', 'content-type', 'idempotency-key', 'upgrade', 'connection'],
  ...['x-envoy-attempt-count', 'x-envoy-expected-rq-timeout-ms', 'x-sluice-id', 'x-sluice-retry', 'x-model'],
  ...['retry-after', 'retry-after-ms', 'x-should-retry', 'grpc-status', 'grpc-retry-pushback-ms', 'date'],
];
const VALUES = [
  ...[
    '',
    '0',
    '1',
    '2',
    '100',
    '200',
    '503',
    '-1',
    '-0',
    '1e309',
    '0x10',
    'NaN',
    'Infinity',
    '9'.repeat(400),
    '1.5',
    ' 1 ',
  ],
  ...['GET', 'POST', '/', '/?', '?', '/\u0000', '//..//', 'true', 'false', 'application/grpc', 'websocket', 'Upgrade'],
  ...[
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    '31 Feb 2026',
    '1',
    '14',
    '__proto__',
    'constructor',
  ],
  ...['a'.repeat(8_000), '\r\nx-forged: 1', '\ud800', '😀'.repeat(50), '$\u007bjndi:x}', '%00%ff', '{"a":1}'],
];
const ATTRIBUTES = [
  ...['xds.cluster_name', 'xds.route_name', 'response.flags', 'response.code_details', 'upstream.address'],
  ...['upstream.transport_failure_reason', 'upstream.request_attempt_count'],
];
const CLUSTERS = ['primary', 'flaky', 'split', '', '__proto__', 'a'.repeat(5_000)];
const REQUEST = 2;
const RESPONSE = 3;

/** Sessions go on only where the request is one. */
function sound(below: Below, phase: number): Buffer[] {
  if (phase === RESPONSE) return [header(':status', pick(below, ['200', '500', '503', '429']))];
  return [header(':method', pick(below, ['GET', 'POST'])), header(':path', '/x'), header(':authority', 'a')];
}

export function headerMessage(below: Below): Buffer {
  const phase = below(2) === 0 ? REQUEST : RESPONSE;
  const headers = sound(below, phase);
  for (let count = below(5); count > 0; count -= 1) headers.push(header(pick(below, NAMES), value(below)));
  const values = [['xds.cluster_name', text(pick(below, CLUSTERS))] as const];
  const more = Array.from({ length: below(3) }, () => {
    return [
      pick(below, ATTRIBUTES),
      below(2) === 0 ? text(pick(below, VALUES)) : double(pick(below, NUMBERS)),
    ] as const;
  });
  return Buffer.concat([field(phase, field(1, ...headers)), attributes([...values, ...more])]);
}

const NUMBERS = [0, 1, 2, -1, 1.5, 2 ** 31, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY];

function value(below: Below): Buffer {
  if (below(4) > 0) return Buffer.from(pick(below, VALUES));
  return Buffer.from(Array.from({ length: below(30) }, () => below(256)));
}
