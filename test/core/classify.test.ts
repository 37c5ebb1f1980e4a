import { describe, expect, it } from 'vitest';
import { classify, provenUnwritten } from '../../src/core/classify.js';
import { type Evidence, FLAGS } from '../../src/core/evidence.js';
import type { ErrorKind, Outcome, Stage } from '../../src/core/reasons.js';

const STATUSES = {
  failureStatuses: new Set([429, 500, 502, 503, 504]),
  failureGrpcStatuses: new Set([2, 4, 8, 13, 14, 15]),
};

function evidence(part: Partial<Evidence>): Evidence {
  return {
    source: 'trace',
    flags: 0,
    status: null,
    grpcStatus: null,
    written: false,
    transportFailure: '',
    details: '',
    host: null,
    durationMs: null,
    ...part,
  };
}

const { upstreamConnectionFailure: UF, upstreamConnectionTermination: UC, upstreamRemoteReset: UR } = FLAGS;
const { upstreamRequestTimeout: UT, upstreamProtocolError: UPE, localReset: LR, retryLimitExceeded: URX } = FLAGS;
const { downstreamConnectionTermination: DC, downstreamRemoteReset: DR, dnsFailure: DF } = FLAGS;
const { upstreamOverflow: UO } = FLAGS;
const { streamIdleTimeout: SI, maxStreamDuration: DT } = FLAGS;

type Row = readonly [title: string, Partial<Evidence>, Stage, Outcome, ErrorKind | null];

describe('an attempt without a response', () => {
  const rows: readonly Row[] = [
    [
      'UF, refused',
      { flags: UF, transportFailure: 'delayed connect error: Connection refused' },
      'connect',
      'failure',
      'connection_refused',
    ],
    ['UF, timeout', { flags: UF, details: 'x{connection_timeout}' }, 'connect', 'failure', 'connect_timeout'],
    ['UF, no words', { flags: UF }, 'connect', 'failure', 'connection_failure'],
    ['UF, TLS words', { flags: UF, transportFailure: 'TLS_error:|268435581' }, 'tls', 'failure', 'tls'],
    ['UF with a written byte', { flags: UF, written: true }, 'unknown', 'failure', 'connection_failure'],
    ['UF where writing is not known', { flags: UF, written: null }, 'connect', 'failure', 'connection_failure'],
    ['UF with the retry limit flag', { flags: UF | URX }, 'connect', 'failure', 'connection_failure'],
    ['UF, with no retry to be had of Envoy', { flags: UF | UO }, 'connect', 'failure', 'connection_failure'],
    ['UC, written, with no retry to be had', { flags: UC | UO, written: true }, 'request_sent', 'failure', 'reset'],
    ['UO alone', { flags: UO }, 'local', 'ignored', 'overflow'],
    ['DF', { flags: DF }, 'connect', 'failure', 'dns'],
    ['DF with a written byte', { flags: DF, written: true }, 'unknown', 'failure', 'dns'],
    ['UC, nothing written', { flags: UC }, 'before_request', 'failure', 'reset'],
    ['UR, nothing written', { flags: UR }, 'before_request', 'failure', 'reset'],
    [
      'UR, refused stream',
      { flags: UR, details: 'x{remote_refused_stream_reset|REFUSED_STREAM}' },
      'before_request',
      'failure',
      'refused_stream',
    ],
    ['UC, written', { flags: UC, written: true }, 'request_sent', 'failure', 'reset'],
    ['LR, written', { flags: LR, written: true }, 'request_sent', 'failure', 'reset'],
    ['UC, not known whether written', { flags: UC, written: null }, 'unknown', 'failure', 'reset'],
    ['UT, written', { flags: UT, written: true }, 'request_sent', 'failure', 'response_timeout'],
    ['UT, nothing written', { flags: UT }, 'connect', 'failure', 'connect_timeout'],
    ['UT, not known whether written', { flags: UT, written: null }, 'unknown', 'failure', 'response_timeout'],
    ['UPE, written', { flags: UPE, written: true }, 'request_sent', 'failure', 'protocol'],
    ['UPE, nothing written: a contradiction', { flags: UPE }, 'unknown', 'failure', 'protocol'],
    ['SI', { flags: SI, written: true }, 'request_sent', 'ignored', 'response_timeout'],
    ['DT, nothing written', { flags: DT }, 'unknown', 'ignored', 'response_timeout'],
    ['no flag at all', {}, 'unknown', 'ignored', 'unknown'],
  ];
  it.each(rows)('%s', (_title, part, stage, outcome, error) => {
    expect(classify(evidence(part), STATUSES)).toMatchObject({ stage, outcome, error });
  });
});

describe('an attempt that was answered', () => {
  const answered = { written: true };
  const rows: readonly Row[] = [
    ['503, with no retry to be had of Envoy', { status: 503, flags: UO }, 'response', 'failure', 'status'],
    ['200', { status: 200 }, 'response', 'success', null],
    ['404', { status: 404 }, 'response', 'success', null],
    ['503', { status: 503 }, 'response', 'failure', 'status'],
    ['429', { status: 429 }, 'response', 'failure', 'status'],
    ['501, which the policy does not list', { status: 501 }, 'response', 'success', null],
    ['grpc-status 0', { status: 200, grpcStatus: 0 }, 'response', 'success', null],
    ['grpc-status 14', { status: 200, grpcStatus: 14 }, 'response', 'failure', 'grpc_status'],
    ['grpc-status 5, not listed', { status: 200, grpcStatus: 5 }, 'response', 'success', null],
    ['UC after headers', { status: 200, flags: UC }, 'body', 'failure', 'interrupted'],
    ['UR after headers', { status: 200, flags: UR }, 'body', 'failure', 'interrupted'],
    ['UPE after headers', { status: 200, flags: UPE }, 'body', 'failure', 'interrupted'],
    ['UT after headers', { status: 200, flags: UT }, 'body', 'failure', 'interrupted'],
    ['an interrupted 503 counts as interrupted', { status: 503, flags: UC }, 'body', 'failure', 'interrupted'],
    ["an Envoy limit after headers is nobody's failure", { status: 200, flags: DT }, 'body', 'ignored', 'interrupted'],
    ['LR after headers is how Envoy ends an early answer', { status: 200, flags: LR }, 'response', 'success', null],
  ];
  it.each(rows)('%s', (_title, part, stage, outcome, error) => {
    expect(classify(evidence({ ...answered, ...part }), STATUSES)).toMatchObject({ stage, outcome, error });
  });
});

describe("what is not the upstream's doing", () => {
  const local: readonly [keyof typeof FLAGS, ErrorKind][] = [
    ['noHealthyUpstream', 'no_healthy_host'],
    ['noRoute', 'no_route'],
    ['noCluster', 'no_cluster'],
    ['rateLimited', 'denied_locally'],
    ['unauthorized', 'denied_locally'],
    ['rateLimitServiceError', 'denied_locally'],
    ['faultInjected', 'denied_locally'],
    ['invalidRequestHeaders', 'denied_locally'],
    ['downstreamProtocolError', 'denied_locally'],
    ['overloadManager', 'denied_locally'],
  ];
  it.each(local)('%s is local and ignored, whatever else is flagged', (flag, error) => {
    for (const extra of [0, UF, URX]) {
      const settled = classify(evidence({ flags: FLAGS[flag] | extra }), STATUSES);
      expect(settled).toMatchObject({ stage: 'local', outcome: 'ignored', error });
    }
  });

  it.each([
    ['DC', DC],
    ['DR', DR],
    ['DC with UC', DC | UC],
    ['DC with UT', DC | UT],
  ])('a client that left (%s) is ignored, before and after the headers', (_title, flags) => {
    for (const status of [null, 200]) {
      const settled = classify(evidence({ flags, status, written: true }), STATUSES);
      expect(settled).toMatchObject({ stage: 'cancelled', outcome: 'ignored', error: 'cancelled' });
    }
  });
});

describe('the streak of consecutive failures', () => {
  it.each([
    ['429', { status: 429 }, false],
    ['RESOURCE_EXHAUSTED', { status: 200, grpcStatus: 8 }, false],
    ['503', { status: 503 }, true],
    ['UNAVAILABLE', { status: 200, grpcStatus: 14 }, true],
    ['a refused connection', { flags: UF, written: false }, true],
  ])('%s: %s', (_title, part, inStreak) => {
    expect(classify(evidence({ written: true, ...part }), STATUSES)).toMatchObject({ outcome: 'failure', inStreak });
  });
});

it('takes only connect, tls and before_request for proof that nothing was written', () => {
  const proofs: Stage[] = ['connect', 'tls', 'before_request'];
  const none: Stage[] = ['request_sent', 'response', 'body', 'local', 'cancelled', 'unknown'];
  expect(proofs.every(provenUnwritten)).toBe(true);
  expect(none.some(provenUnwritten)).toBe(false);
});
