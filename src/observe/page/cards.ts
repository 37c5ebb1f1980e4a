// What an opened request shows: a card for each attempt, and one for how it ended.

import type { AttemptJson, RequestJson } from '../records/json.js';
import { duration, retriesText } from '../view/format.js';
import { ANSWERS, DECISION_WORDS, ERRORS, OUTCOME_WORDS, REFUSALS, RESULT_WORDS, STAGE_WORDS } from '../view/words.js';
import { el } from './dom.js';

/** A name, its value, and what that means; null: not shown. */
type Row = readonly [name: string, value: string, meaning?: string] | null;

export function cards(request: RequestJson): HTMLElement {
  const attempts = request.attempts.map((attempt) => el('li', {}, attemptCard(attempt)));
  return el('ol', { class: 'cards' }, ...attempts, el('li', {}, endCard(request)));
}

function attemptCard(attempt: AttemptJson): HTMLElement {
  const { cluster, target, host, stage, error, status, message, waitMs, durationMs, outcome } = attempt;
  return card(`Attempt ${attempt.attempt}`, outcome === 'failure' ? 'bad' : outcome === 'success' ? 'good' : 'quiet', [
    ['cluster', cluster],
    optional('target', target),
    optional('host', host),
    ['stage', stage, STAGE_WORDS[stage]],
    error === null ? null : ['error', error, ERRORS[error]],
    optional('message', message),
    status === null ? null : ['status', String(status)],
    ['outcome', outcome, OUTCOME_WORDS[outcome]],
    ['wait', duration(waitMs)],
    durationMs === null ? null : ['duration', duration(durationMs)],
  ]);
}

function endCard(request: RequestJson): HTMLElement {
  const { result, status, decision, reason, notRetried, maxRetries, durationMs, route, id } = request;
  const made = card('End', result === 'success' ? 'good' : 'quiet', [
    ['result', result, RESULT_WORDS[result]],
    status === null ? null : ['status', String(status)],
    ['decision', decision, DECISION_WORDS[decision]],
    reason === null ? null : ['reason', reason, ANSWERS[reason]],
    notRetried === null ? null : ['notRetried', notRetried, REFUSALS[notRetried]],
    ['granted', retriesText(maxRetries)],
    route === '' ? null : ['route', route],
    durationMs === null ? null : ['duration', duration(durationMs)],
  ]);
  made.append(el('a', { class: 'id', href: `requests/${encodeURIComponent(id)}` }, id));
  return made;
}

function optional(name: string, value: string | null): Row {
  return value === null ? null : [name, value];
}

function card(title: string, tone: string, rows: readonly Row[]): HTMLElement {
  const list = el('dl');
  for (const row of rows) {
    if (row === null) continue;
    const [name, value, meaning] = row;
    const shown = el('dd', {}, el('bdi', { class: 'value' }, value));
    if (meaning !== undefined) shown.append(el('span', { class: 'meaning' }, meaning.replaceAll('`', '')));
    list.append(el('dt', {}, name), shown);
  }
  return el('article', { class: 'card', 'data-tone': tone }, el('h3', {}, title), list);
}
