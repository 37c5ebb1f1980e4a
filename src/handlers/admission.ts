// One request at the connection manager: asks the core what to do with it, puts that into headers for Envoy's
// router, and shows the core the final answer.

import type { AdmissionDecision } from '../core/decide/admission.js';
import type { RequestFacts } from '../core/request.js';
import type { Grant } from '../core/retry/eligibility.js';
import { wishOf } from '../core/retry/wish.js';
import type { Session } from '../core/session.js';
import type { HeaderChanges, HeaderToSet, Send, StreamEvent, StreamHandler } from '../core/stream.js';
import { wholeNumber } from '../core/whole-number.js';
import type { HandlerDeps } from './deps.js';
import { ATTRIBUTE, foreignControls, HEADER, ownHeaders } from './names.js';
import { factsOf, finalEvidence } from './read.js';

type RequestHeaders = Extract<StreamEvent, { kind: 'request_headers' }>;
type ResponseHeaders = Extract<StreamEvent, { kind: 'response_headers' }>;
type Proceed = Extract<AdmissionDecision, { kind: 'proceed' }>;

export class AdmissionHandler implements StreamHandler {
  /**
   * It stays when it is over, and with it the stream that it sent to: V8 drops the code compiled for objects of a class once
   * a full collection finds none, and after an idle minute the first requests would cost five times as much.
   */
  static latest: AdmissionHandler | null = null;
  readonly #deps: HandlerDeps;
  readonly #send: Send;
  #session: Session | null = null;

  constructor(deps: HandlerDeps, send: Send) {
    this.#deps = deps;
    this.#send = send;
    AdmissionHandler.latest = this;
  }

  message(event: StreamEvent): void {
    switch (event.kind) {
      case 'request_headers':
        return this.#request(event);
      case 'response_headers':
        return this.#response(event);
      case 'other':
        return this.#send({ kind: 'continue_other', phase: event.phase });
      default:
        return event satisfies never;
    }
  }

  closed(): void {
    if (this.#session !== null) this.#deps.engine.requestClosed(this.#session, this.#deps.now());
    this.#session = null;
  }

  #request({ headers, attributes }: RequestHeaders): void {
    const facts = this.#routed(factsOf(headers, attributes));
    const decision = this.#deps.engine.admit(facts, this.#deps.now());
    if (decision.kind === 'answer') return this.#send({ kind: 'respond', answer: decision.answer });
    this.#session = decision.session;
    const named = facts.oneCluster ? (decision.order?.[0] ?? facts.cluster) : null;
    const changes = requestChanges(decision, foreignControls(headers), named);
    this.#send({ kind: 'continue_request', headers: changes, order: decision.order });
  }

  /**
   * A `cluster_header` route goes where Sluice says. It is one that the policy names a cluster for, or one for which Envoy
   * knows none: such a cluster is named like the route. Neither: Envoy has no route at all.
   */
  #routed(facts: RequestFacts): RequestFacts {
    const named = this.#deps.engine.routeCluster(facts.route);
    const cluster = named ?? (facts.cluster === '' ? facts.route : '');
    return cluster === '' ? facts : { ...facts, cluster, oneCluster: true };
  }

  #response({ headers, attributes }: ResponseHeaders): void {
    const session = this.#session;
    if (session !== null) {
      const { engine, now, wallNow } = this.#deps;
      const attempts = attributes.number(ATTRIBUTE.attempts) ?? Math.max(1, session.attempts.length);
      engine.requestAnswered(
        session,
        {
          attempt: attempts,
          cluster: attributes.string(ATTRIBUTE.cluster) ?? '',
          evidence: finalEvidence(headers, attributes),
          wish: wishOf(headers, wallNow()),
          remainingMs: null,
          clientStatus: wholeNumber(headers.get(':status')),
        },
        now(),
      );
    }
    // The gate's refusal passes here as a response: its headers are meant for the client.
    const remove = session !== null && session.refusedAttempt > 0 ? [] : ownHeaders(headers);
    this.#send({ kind: 'continue_response', headers: { set: [], remove }, order: null });
  }
}

function requestChanges(decision: Proceed, foreign: readonly string[], cluster: string | null): HeaderChanges {
  const id: HeaderToSet = [HEADER.id, decision.session.record.id];
  const set: readonly HeaderToSet[] = cluster === null ? [id] : [id, [HEADER.cluster, cluster]];
  const common = wordsFor(decision.retries);
  const remove = foreign.length === 0 ? foreign : foreign.filter((name) => !isSet(set, name) && !isSet(common, name));
  return { set, common, remove };
}

function isSet(set: readonly HeaderToSet[], name: string): boolean {
  return set.some(([ours]) => ours === name);
}

const NO_WORDS: readonly HeaderToSet[] = [];
const NO_RETRIES: readonly HeaderToSet[] = [[HEADER.maxRetries, '0']];

function wordsFor(retries: Proceed['retries']): readonly HeaderToSet[] {
  if (retries === 'leave') return NO_WORDS;
  return retries === 'none' ? NO_RETRIES : grantHeaders(retries);
}

/** The core gives equal requests the same grant, so its words are put together once. */
const wordsOfGrants = new WeakMap<Grant, readonly HeaderToSet[]>();

function grantHeaders(grant: Grant): readonly HeaderToSet[] {
  const known = wordsOfGrants.get(grant);
  if (known !== undefined) return known;
  const words = wordsOf(grant);
  wordsOfGrants.set(grant, words);
  return words;
}

function wordsOf(grant: Grant): HeaderToSet[] {
  const set: HeaderToSet[] = [];
  const on: string[] = [...grant.on];
  if (grant.statuses.length > 0) on.push('retriable-status-codes');
  if (grant.judged) on.push('retriable-headers');
  set.push([HEADER.maxRetries, String(grant.maxRetries)]);
  if (on.length > 0) set.push([HEADER.retryOn, on.join(',')]);
  if (grant.grpcOn.length > 0) set.push([HEADER.retryGrpcOn, grant.grpcOn.join(',')]);
  if (grant.statuses.length > 0) set.push([HEADER.retriableStatuses, grant.statuses.join(',')]);
  if (grant.judged) set.push([HEADER.retriableHeaders, HEADER.retry]);
  if (grant.perTryTimeoutMs > 0) set.push([HEADER.perTryTimeout, String(Math.ceil(grant.perTryTimeoutMs))]);
  return set;
}
