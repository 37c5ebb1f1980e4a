// What Envoy's router does with a request, its attempts and the headers that Sluice set, as ENVOY.md measured it. A
// model proves nothing about Envoy (test/envoy does): it lets hundreds of cases drive the handlers in no time.

import { type Evidence, FLAGS } from '../../src/core/evidence.js';
import type { HeaderChanges, Instruction } from '../../src/core/stream.js';
import type { CoreWorld, Stream } from './core-world.js';
import { attributesOf, headersOf } from './fake-headers.js';

/** What an attempt meets. */
export type Meets =
  | 'refused'
  | 'connect_timeout'
  | 'tls_failure'
  | 'dns_failure'
  | 'reset_before_request'
  | 'refused_stream'
  | 'reset_after_request'
  | 'no_answer'
  | 'cut_body'
  | 'garbage'
  | 'no_host'
  | 'no_cluster'
  | 'denied'
  | 'client_leaves'
  | 'flags_contradict'
  | 'nothing_known'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly afterMs?: number };

export interface RoutedRequest {
  readonly cluster: string;
  readonly route?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Time that the route gives it; default: none. */
  readonly timeoutMs?: number;
}

export interface Served {
  /** Cluster of each attempt that was sent. */
  readonly attempts: string[];
  /** Sluice's or the judge's wait before each retry; 0 where there was none. */
  readonly waits: number[];
  status: number | null;
  headers: Readonly<Record<string, string>>;
  /** Who answered: the upstream, Envoy itself, or Sluice. */
  from: 'upstream' | 'envoy' | 'sluice' | 'nobody';
  id: string;
}

export interface RouterOptions {
  /** Clusters that have the judge. */
  readonly judged?: ReadonlySet<string>;
  /** The gate is configured. Default true. */
  readonly gated?: boolean;
  /** Its routes name one cluster each and follow no order. Default false. */
  readonly fixed?: boolean;
  /** Log entries come. Default true. */
  readonly traced?: boolean;
}

interface End {
  readonly flags: number;
  readonly status: number | null;
  readonly written: boolean;
  readonly failure: string;
  readonly details: string;
  /** Conditions of `x-envoy-retry-on` that this end fulfils. */
  readonly matches: readonly string[];
  readonly attempted: boolean;
}

const UF = FLAGS.upstreamConnectionFailure;
const UC = FLAGS.upstreamConnectionTermination;
const RESET = 'upstream_reset_before_response_started';
const AFTER_WRITING = ['reset', '5xx', 'gateway-error'];

function end(part: Partial<End>): End {
  return { flags: 0, status: null, written: false, failure: '', details: '', matches: [], attempted: true, ...part };
}

function connect(failure: string): End {
  const details = `${RESET}{connection_failure}`;
  return end({ flags: UF, failure, details, matches: ['connect-failure', '5xx', 'gateway-error'] });
}

const ENDS: Readonly<Record<Extract<Meets, string>, End>> = {
  refused: connect('delayed connect error: Connection refused'),
  connect_timeout: connect('connection timeout'),
  tls_failure: connect('TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end'),
  dns_failure: end({ flags: FLAGS.dnsFailure, details: 'dns_resolution_failure', matches: ['connect-failure'] }),
  reset_before_request: end({ flags: UC, details: RESET, matches: ['reset-before-request', ...AFTER_WRITING] }),
  refused_stream: end({
    flags: FLAGS.upstreamRemoteReset,
    details: `${RESET}{remote_refused_stream_reset|REFUSED_STREAM}`,
    matches: ['refused-stream', 'reset-before-request', ...AFTER_WRITING],
  }),
  reset_after_request: end({ flags: UC, written: true, details: RESET, matches: AFTER_WRITING }),
  no_answer: end({
    flags: FLAGS.upstreamRequestTimeout,
    written: true,
    details: 'upstream_per_try_timeout',
    matches: AFTER_WRITING,
  }),
  garbage: end({
    flags: FLAGS.upstreamProtocolError,
    written: true,
    details: `${RESET}{protocol_error}`,
    matches: AFTER_WRITING,
  }),
  cut_body: end({ flags: UC, status: 200, written: true, details: 'upstream_reset_after_response_started' }),
  no_host: end({ flags: FLAGS.noHealthyUpstream, details: 'no_healthy_upstream', attempted: false }),
  no_cluster: end({ flags: FLAGS.noCluster, details: 'cluster_not_found', attempted: false }),
  denied: end({ flags: FLAGS.unauthorized, details: 'rbac_access_denied', attempted: false }),
  client_leaves: end({
    flags: FLAGS.downstreamConnectionTermination,
    written: true,
    details: 'downstream_remote_disconnect',
  }),
  flags_contradict: end({ flags: UF, written: true, failure: 'delayed connect error', matches: [] }),
  nothing_known: end({ details: 'unheard_of' }),
};

const HOST = '10.0.0.1:80';
const DEFAULT_WAIT_MS = 1;

export class RouterModel {
  readonly #world: CoreWorld;
  readonly #options: RouterOptions;

  constructor(world: CoreWorld, options: RouterOptions = {}) {
    this.#world = world;
    this.#options = options;
  }

  /** Serves one request from its admission to its last log entry. `meet` tells what an attempt on a cluster meets. */
  serve(request: RoutedRequest, meet: (cluster: string, attempt: number) => Meets): Served {
    return new Exchange(this.#world, this.#options, request).run(meet);
  }
}

class Exchange {
  readonly #world: CoreWorld;
  readonly #options: RouterOptions;
  readonly #request: RoutedRequest;
  readonly #served: Served = { attempts: [], waits: [], status: null, headers: {}, from: 'nobody', id: '' };
  readonly #log: (() => void)[] = [];
  #control = new Map<string, string>();
  #order: readonly string[];

  constructor(world: CoreWorld, options: RouterOptions, request: RoutedRequest) {
    this.#world = world;
    this.#options = options;
    this.#request = request;
    this.#order = [request.cluster];
  }

  run(meet: (cluster: string, attempt: number) => Meets): Served {
    const admission = this.#world.admission();
    if (this.#admitted(admission)) this.#attempts(admission, meet);
    admission.handler.closed();
    if (this.#options.traced ?? true) for (const write of this.#log) write();
    return this.#served;
  }

  #admitted(admission: Stream): boolean {
    const { method = 'GET', path = '/', headers = {}, cluster, route = '' } = this.#request;
    this.#control = new Map(Object.entries(headers));
    admission.handler.message({
      kind: 'request_headers',
      headers: headersOf({ ':method': method, ':path': path, ...headers }),
      attributes: attributesOf({ 'xds.cluster_name': cluster, 'xds.route_name': route }),
    });
    const instruction = admission.last;
    if (instruction.kind === 'respond') {
      this.#served.from = 'sluice';
      this.#served.status = instruction.answer.status;
      this.#served.headers = Object.fromEntries(instruction.answer.headers);
      return false;
    }
    if (instruction.kind !== 'continue_request') throw new Error(`admission answered ${instruction.kind}`);
    this.#change(instruction.headers);
    this.#served.id = this.#control.get('x-sluice-id') ?? '';
    if (this.#options.fixed !== true) this.#order = instruction.order ?? this.#order;
    return true;
  }

  #change(changes: HeaderChanges): void {
    for (const name of changes.remove) this.#control.delete(name);
    for (const [name, value] of [...changes.set, ...(changes.common ?? [])]) this.#control.set(name, value);
  }

  #attempts(admission: Stream, meet: (cluster: string, attempt: number) => Meets): void {
    const most = 1 + Number(this.#control.get('x-envoy-max-retries') ?? '0');
    for (let attempt = 1; ; attempt++) {
      const cluster = this.#order[Math.min(attempt, this.#order.length) - 1] ?? this.#request.cluster;
      const again = this.#attempt(admission, cluster, attempt, meet, attempt < most);
      if (!again) return;
    }
  }

  /** true: the router tries again. */
  #attempt(
    admission: Stream,
    cluster: string,
    attempt: number,
    meet: (cluster: string, attempt: number) => Meets,
    mayRetry: boolean,
  ): boolean {
    const judged = this.#options.judged?.has(cluster) ?? false;
    const gated = (this.#options.gated ?? true) && attempt > 1;
    const stream = judged || gated ? this.#world.attempt() : null;
    if (stream !== null && !this.#starts(admission, stream, cluster, attempt)) return false;
    this.#served.attempts.push(cluster);
    const met = meet(cluster, attempt);
    const startedAt = this.#world.now;
    this.#world.advance(typeof met === 'string' ? DEFAULT_WAIT_MS : (met.afterMs ?? DEFAULT_WAIT_MS));
    const ended = this.#ended(met);
    this.#logAttempt(cluster, attempt, ended, this.#world.now - startedAt);
    let retry = mayRetry && this.#matches(ended);
    const headers = typeof met === 'string' ? {} : (met.headers ?? {});
    if (judged && stream !== null && ended.status !== null && met !== 'cut_body') {
      const asked = this.#judged(stream, ended.status, headers);
      retry ||= mayRetry && asked && this.#retryOn().includes('retriable-headers');
    }
    stream?.handler.closed();
    if (!retry) this.#final(admission, cluster, attempt, ended, headers);
    return retry;
  }

  #starts(admission: Stream, stream: Stream, cluster: string, attempt: number): boolean {
    const left = this.#request.timeoutMs;
    stream.handler.message({
      kind: 'request_headers',
      headers: headersOf({
        'x-sluice-id': this.#served.id,
        'x-envoy-attempt-count': String(attempt),
        ...(left === undefined ? {} : { 'x-envoy-expected-rq-timeout-ms': String(left) }),
      }),
      attributes: attributesOf({ 'xds.cluster_name': cluster, 'upstream.address': HOST }),
    });
    const instruction = stream.last;
    if (instruction.kind === 'continue_request') return true;
    if (instruction.kind !== 'respond') throw new Error(`the gate answered ${instruction.kind}`);
    stream.handler.closed();
    const headers = Object.fromEntries(instruction.answer.headers);
    const own = end({ details: instruction.answer.details });
    this.#final(admission, cluster, attempt, { ...own, attempted: false }, headers, instruction.answer.status);
    this.#served.from = 'sluice';
    return false;
  }

  #ended(met: Meets): End {
    if (typeof met === 'string') return ENDS[met];
    const { status } = met;
    const matches = status >= 500 ? ['5xx', ...(status >= 502 && status <= 504 ? ['gateway-error'] : [])] : [];
    const listed = (this.#control.get('x-envoy-retriable-status-codes') ?? '').split(',').includes(String(status));
    if (listed) matches.push('retriable-status-codes');
    return end({ status, written: true, details: 'via_upstream', matches });
  }

  #retryOn(): readonly string[] {
    return (this.#control.get('x-envoy-retry-on') ?? '').split(',');
  }

  #matches(ended: End): boolean {
    const on = this.#retryOn();
    return ended.matches.some((condition) => on.includes(condition));
  }

  /** true: the judge asked for a retry. Waits as long as it holds. */
  #judged(stream: Stream, status: number, headers: Readonly<Record<string, string>>): boolean {
    const before = this.#world.now;
    stream.handler.message({
      kind: 'response_headers',
      headers: headersOf({ ':status': String(status), ...headers }),
      attributes: attributesOf({}),
    });
    for (let held = 0; stream.last.kind === 'extend_timeout'; held++) {
      if (held > 1_000_000) throw new Error('the judge never answered');
      this.#world.advance(1);
    }
    const asked = asksForRetry(stream.last);
    if (asked) this.#served.waits.push(this.#world.now - before);
    const { last } = stream;
    if (last.kind === 'continue_response' && last.order !== null) this.#order = last.order;
    return asked;
  }

  #final(
    admission: Stream,
    cluster: string,
    attempt: number,
    ended: End,
    headers: Readonly<Record<string, string>>,
    localStatus = 503,
  ): void {
    const cancelled = ended.flags === FLAGS.downstreamConnectionTermination;
    const status = ended.status ?? localStatus;
    this.#log.push(() => this.#logRequest(cluster, attempt, ended, cancelled ? null : status));
    if (cancelled) return;
    this.#served.status = status;
    this.#served.from = ended.status === null ? 'envoy' : 'upstream';
    admission.handler.message({
      kind: 'response_headers',
      headers: headersOf({ ':status': String(status), ...headers }),
      attributes: attributesOf({
        'xds.cluster_name': cluster,
        // At response headers nobody knows yet that the body will break off.
        'response.flags': ended.status === null ? ended.flags : 0,
        'response.code_details': ended.status === null ? ended.details : 'via_upstream',
        'upstream.request_attempt_count': attempt,
        ...(ended.failure === '' ? {} : { 'upstream.transport_failure_reason': ended.failure }),
        ...(ended.written ? { 'upstream.cx_pool_ready_duration': '1ms' } : {}),
      }),
    });
    this.#served.headers = applied(headers, admission.last);
  }

  #logAttempt(cluster: string, attempt: number, ended: End, durationMs: number): void {
    if (!ended.attempted) return;
    const { id } = this.#served;
    const host = ended.flags === FLAGS.dnsFailure ? null : HOST;
    const evidence = evidenceOf(ended, host, durationMs);
    this.#log.push(() =>
      this.#world.engine.traced({ kind: 'attempt', id, attempt, cluster, evidence }, this.#world.now),
    );
  }

  #logRequest(cluster: string, attempts: number, ended: End, clientStatus: number | null): void {
    const { id } = this.#served;
    const evidence = evidenceOf(ended, null, null);
    const entry = { kind: 'request', id, cluster, evidence, clientStatus, attempts } as const;
    this.#world.engine.traced(entry, this.#world.now);
  }
}

function evidenceOf(ended: End, host: string | null, durationMs: number | null): Evidence {
  const { flags, status, written, failure, details } = ended;
  return {
    source: 'trace',
    flags,
    status,
    grpcStatus: null,
    written,
    transportFailure: failure,
    details,
    host,
    durationMs,
  };
}

function asksForRetry(instruction: Instruction): boolean {
  if (instruction.kind !== 'continue_response') throw new Error(`the judge answered ${instruction.kind}`);
  return instruction.headers.set.some(([name]) => name === 'x-sluice-retry');
}

function applied(
  headers: Readonly<Record<string, string>>,
  instruction: Instruction,
): Readonly<Record<string, string>> {
  if (instruction.kind !== 'continue_response') throw new Error(`admission answered ${instruction.kind}`);
  const changed = new Map(Object.entries(headers));
  for (const name of instruction.headers.remove) changed.delete(name);
  return Object.fromEntries(changed);
}
