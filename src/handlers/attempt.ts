// One attempt at the upstream filters, as gate (before a retry is sent) and as judge (also when its response headers
// come). Both find the request by its id; a request that is not known passes as it is.

import { wishOf } from '../core/retry/wish.js';
import type { Session } from '../core/session.js';
import { type Headers, NO_CHANGES, type Send, type StreamEvent, type StreamHandler } from '../core/stream.js';
import { wholeNumber } from '../core/whole-number.js';
import type { HandlerDeps } from './deps.js';
import { ATTRIBUTE, HEADER, ownHeaders } from './names.js';
import { attemptOf, judgedEvidence, remainingMs } from './read.js';

type RequestHeaders = Extract<StreamEvent, { kind: 'request_headers' }>;
type ResponseHeaders = Extract<StreamEvent, { kind: 'response_headers' }>;

/** What Envoy is asked to wait beyond the hold itself. */
const HOLD_MARGIN_MS = 250;

interface AttemptUnderWay {
  readonly session: Session;
  readonly attempt: number;
  readonly cluster: string;
  readonly host: string | null;
  readonly startedAtMs: number;
  readonly remainingMs: number | null;
}

export class AttemptHandler implements StreamHandler {
  /** As `AdmissionHandler.latest`. */
  static latest: AttemptHandler | null = null;
  readonly #deps: HandlerDeps;
  readonly #send: Send;
  #attempt: AttemptUnderWay | null = null;
  #cancelHold: (() => void) | null = null;

  constructor(deps: HandlerDeps, send: Send) {
    this.#deps = deps;
    this.#send = send;
    AttemptHandler.latest = this;
  }

  message(event: StreamEvent): void {
    switch (event.kind) {
      case 'request_headers':
        return this.#starts(event);
      case 'response_headers':
        return this.#answered(event);
      case 'other':
        return this.#send({ kind: 'continue_other', phase: event.phase });
      default:
        return event satisfies never;
    }
  }

  closed(): void {
    if (this.#cancelHold !== null && this.#attempt !== null) {
      this.#cancelHold();
      this.#deps.engine.retryAbandoned(this.#attempt.session, this.#deps.now());
    }
    this.#cancelHold = null;
    this.#attempt = null;
  }

  #starts({ headers, attributes }: RequestHeaders): void {
    const session = this.#deps.engine.session(headers.get(HEADER.id) ?? '');
    if (session === undefined) return this.#pass();
    const attempt: AttemptUnderWay = {
      session,
      attempt: attemptOf(headers, attributes),
      cluster: attributes.string(ATTRIBUTE.cluster) ?? '',
      host: attributes.string(ATTRIBUTE.host) ?? null,
      startedAtMs: this.#deps.now(),
      remainingMs: remainingMs(headers),
    };
    this.#attempt = attempt;
    const decision = this.#deps.engine.attemptStarts(session, attempt, attempt.startedAtMs);
    if (decision.kind === 'answer') return this.#send({ kind: 'respond', answer: decision.answer });
    this.#pass();
  }

  #pass(): void {
    this.#send({ kind: 'continue_request', headers: NO_CHANGES, order: null });
  }

  #answered({ headers, attributes }: ResponseHeaders): void {
    // An upstream could ask for a retry in our name.
    const remove = ownHeaders(headers);
    const letPass = () => this.#send({ kind: 'continue_response', headers: { set: [], remove }, order: null });
    const decision = this.#judge(headers, attributes.string(ATTRIBUTE.host) ?? null);
    if (decision === null || decision.kind === 'pass') return letPass();
    const { order, holdMs } = decision;
    const kept = remove.filter((name) => name !== HEADER.retry);
    const retry = () =>
      this.#send({ kind: 'continue_response', headers: { set: [[HEADER.retry, '1']], remove: kept }, order });
    if (holdMs <= 0) return retry();
    this.#send({ kind: 'extend_timeout', ms: holdMs + HOLD_MARGIN_MS });
    this.#cancelHold = this.#deps.after(holdMs, () => {
      this.#cancelHold = null;
      retry();
    });
  }

  #judge(headers: Headers, host: string | null) {
    const seen = this.#attempt;
    if (seen === null) return null;
    const { engine, now, wallNow } = this.#deps;
    const left = seen.remainingMs === null ? null : seen.remainingMs - (now() - seen.startedAtMs);
    const answer = {
      attempt: seen.attempt,
      cluster: seen.cluster,
      evidence: judgedEvidence(headers, host ?? seen.host),
      wish: wishOf(headers, wallNow()),
      remainingMs: left,
      clientStatus: wholeNumber(headers.get(':status')),
    };
    return engine.attemptAnswered(seen.session, answer, now());
  }
}
