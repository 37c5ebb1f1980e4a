// The story of one request in words, for `sluice explain`: what was decided and why, each attempt, and the end. Pure: it
// reads what /requests says and adds nothing that is not in it.

import type { AttemptJson, RequestJson } from '../observe/records/json.js';
import { duration, nameOf, retriesText } from '../observe/view/format.js';
import { ANSWERS, ERRORS, REFUSALS, RESULT_WORDS, STAGE_WORDS } from '../observe/view/words.js';

/** Paragraphs, in order. Names are printable: the sidecar has made them so. */
export function story(request: RequestJson): string[] {
  const { attempts } = request;
  return [
    heading(request),
    decision(request),
    ...attempts.flatMap((attempt, index) => [attemptWords(attempt), ...afterAttempt(attempt, attempts[index + 1])]),
    ...noRetry(request),
    end(request),
  ];
}

function heading({ id, method, path, startedAt }: RequestJson): string {
  return `Request ${id}: ${method} ${path}, at ${startedAt}.`;
}

function decision(request: RequestJson): string {
  const { route, reason, attempts } = request;
  const routed = `${nameOf(request)}${route === '' ? '' : ` by the route ${route}`}`;
  switch (request.decision) {
    case 'admit':
      return `It was routed to ${routed}, whose circuit admitted it (admit). ${granted(request)}`;
    case 'reroute':
      return `It was routed to ${routed}, whose circuit did not admit it, and sent to ${first(attempts)} (reroute). ${granted(request)}`;
    case 'short_circuit':
      return `It was routed to ${routed}, and no candidate admitted it (short_circuit): ${because(reason)}. It was sent nowhere.`;
    case 'unmanaged':
      return request.cluster === ''
        ? 'Envoy named no cluster for it, so Sluice left it alone (unmanaged).'
        : `It was routed to ${routed}, where circuit and retries are off (unmanaged).`;
    default:
      return request.decision satisfies never;
  }
}

function granted({ maxRetries }: RequestJson): string {
  if (maxRetries === 0) return 'No retry was granted.';
  return `At most ${retriesText(maxRetries)} ${maxRetries === 1 ? 'was' : 'were'} granted.`;
}

function first(attempts: readonly AttemptJson[]): string {
  const [attempt] = attempts;
  return attempt === undefined ? 'a fallback' : nameOf(attempt);
}

function because(reason: RequestJson['reason']): string {
  return reason === null ? 'no reason is known' : `${ANSWERS[reason]} (${reason})`;
}

function attemptWords(attempt: AttemptJson): string {
  const { stage, status, error, message, durationMs, outcome } = attempt;
  const where =
    attempt.cluster === '' ? 'nowhere' : `to ${nameOf(attempt)}${attempt.host === null ? '' : ` (${attempt.host})`}`;
  const took = durationMs === null ? '' : ` after ${duration(durationMs)}`;
  const got = `How far it got: ${STAGE_WORDS[stage]} (${stage})${status === null ? '' : `, status ${status}`}${took}.`;
  const ended = error === null ? '' : ` What ended it: ${ERRORS[error]} (${error}).`;
  const said = message === null ? '' : ` Envoy said: "${message}".`;
  return `Attempt ${attempt.attempt} went ${where}. ${got}${ended}${said} ${counted(outcome)}`;
}

function counted(outcome: AttemptJson['outcome']): string {
  switch (outcome) {
    case 'success':
      return 'It was good.';
    case 'failure':
      return 'It counts as a failure of the upstream.';
    case 'ignored':
      return 'It says nothing about the upstream.';
    default:
      return outcome satisfies never;
  }
}

/** Why the next one was allowed, and how long it was held back. */
function afterAttempt(attempt: AttemptJson, next: AttemptJson | undefined): string[] {
  if (next === undefined) return [];
  const waited = next.waitMs > 0 ? `Sluice held it back for ${duration(next.waitMs)}` : 'Sluice did not hold it back';
  return [`It was tried again: ${permission(attempt)}. ${waited}.`];
}

function permission({ stage, status }: AttemptJson): string {
  switch (stage) {
    case 'connect':
    case 'tls':
    case 'before_request':
      return 'nothing of the request had been written, so it could not be done twice';
    case 'response':
      return `the policy names ${status === null ? 'this failure' : `status ${status}`}, and the request may be repeated`;
    case 'request_sent':
    case 'unknown':
      return 'it may have been written, and the policy allows to repeat it';
    case 'body':
    case 'local':
    case 'cancelled':
      return 'by Envoy, which Sluice did not ask to';
    default:
      return stage satisfies never;
  }
}

function noRetry({ notRetried, attempts }: RequestJson): string[] {
  if (notRetried === null) return [];
  const what = attempts.length === 0 ? 'It was not tried again' : 'There was no further attempt';
  return [`${what}: ${REFUSALS[notRetried].replaceAll('`', '')} (${notRetried}).`];
}

function end({ result, status, reason, decision: decided, durationMs }: RequestJson): string {
  if (result === 'pending') return 'It is not over yet (pending).';
  const when = durationMs === null ? '' : ` after ${duration(durationMs)}`;
  const gate = reason !== null && decided !== 'short_circuit' ? ` Sluice answered: ${because(reason)}.` : '';
  const got = status === null ? 'The client was sent no status' : `The client was sent status ${status}`;
  return `${got}${when}: ${RESULT_WORDS[result]} (${result}).${gate}`;
}

/** Breaks a paragraph into lines of at most `width` columns where it has spaces; later lines are indented. */
export function wrap(paragraph: string, width: number, indent = '  '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width || line.trim() === '') {
      line = longer;
      continue;
    }
    lines.push(line);
    line = indent + word;
  }
  return [...lines, line];
}
