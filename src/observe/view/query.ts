// The filters of a view, and their form in a URL: what /events takes is what the page's own address carries, so that a
// view can be shared.

import type { AnswerReason, ErrorKind, RefusalReason, Result } from '../../core/reasons.js';
import { ANSWERS, ERRORS, REFUSALS, RESULT_WORDS } from './words.js';

export interface Filters {
  /** '' in each: all. */
  readonly cluster: string;
  /** A value of the key that clusters are split by. */
  readonly target: string;
  readonly result: Result | '';
  readonly reason: AnswerReason | RefusalReason | ErrorKind | '';
}

export const NO_FILTERS: Filters = { cluster: '', target: '', result: '', reason: '' };

/** Words that nobody knows are left out: an address may come from another version. */
export function readFilters(search: string): Filters {
  const params = new URLSearchParams(search);
  const result = params.get('result') ?? '';
  const reason = params.get('reason') ?? '';
  return {
    cluster: params.get('cluster') ?? '',
    target: params.get('target') ?? '',
    result: isResult(result) ? result : '',
    reason: isReason(reason) ? reason : '',
  };
}

/** `?cluster=...`, or '' where nothing is filtered. */
export function filterQuery(filters: Filters): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value !== '') params.set(name, value);
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

export function isResult(word: string): word is Result {
  return Object.hasOwn(RESULT_WORDS, word);
}

export function isReason(word: string): word is Exclude<Filters['reason'], ''> {
  return Object.hasOwn(ANSWERS, word) || Object.hasOwn(REFUSALS, word) || Object.hasOwn(ERRORS, word);
}
