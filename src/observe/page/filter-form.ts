// The filters of the list of requests: three menus whose state is the page's address.

import { printable } from '../printable.js';
import { type Filters, filterQuery, isReason, isResult, NO_FILTERS, readFilters } from '../view/query.js';
import { ANSWERS, ERRORS, REFUSALS, RESULT_WORDS } from '../view/words.js';
import { byId, el } from './dom.js';

const REASON_GROUPS = [
  ['Answered by Sluice', ANSWERS],
  ['Not retried', REFUSALS],
  ['Attempt ended by', ERRORS],
] as const;

export class FilterForm {
  readonly #cluster = menu('cluster');
  readonly #result = menu('result');
  readonly #reason = menu('reason');
  readonly #clear = byId('clear', HTMLButtonElement);
  readonly #changed: () => void;
  #clusters = '';
  #filters: Filters = readFilters(location.search);

  /** `changed` is called when the filters have become others. */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#result.append(...Object.keys(RESULT_WORDS).map((word) => option(word)));
    this.#reason.append(...reasonGroups());
    for (const each of [this.#cluster, this.#result, this.#reason]) {
      each.addEventListener('change', () => this.set(this.#read()));
    }
    this.#clear.addEventListener('click', () => {
      this.#cluster.focus();
      this.set(NO_FILTERS);
    });
    window.addEventListener('popstate', () => this.#take(readFilters(location.search)));
    this.#show();
  }

  get filters(): Filters {
    return this.#filters;
  }

  set(filters: Filters): void {
    if (filterQuery(filters) === filterQuery(this.#filters)) return;
    history.pushState(null, '', `${location.pathname}${filterQuery(filters)}`);
    this.#take(filters);
  }

  /** Names of the clusters there are to choose from. */
  offer(clusters: readonly string[]): void {
    const names = [...new Set([...clusters, this.#filters.cluster])].filter((name) => name !== '').sort();
    const key = JSON.stringify(names);
    // A menu that is open must not change under the hand of its user.
    if (key === this.#clusters || document.activeElement === this.#cluster) return;
    this.#clusters = key;
    this.#cluster.replaceChildren(option('', 'all'), ...names.map((name) => option(name)));
    this.#cluster.value = this.#filters.cluster;
  }

  #take(filters: Filters): void {
    this.#filters = filters;
    this.#show();
    this.#changed();
  }

  #read(): Filters {
    const { value: result } = this.#result;
    const { value: reason } = this.#reason;
    return {
      cluster: this.#cluster.value,
      result: isResult(result) ? result : '',
      reason: isReason(reason) ? reason : '',
    };
  }

  #show(): void {
    const { cluster, result, reason } = this.#filters;
    if (![...this.#cluster.options].some(({ value }) => value === cluster)) this.#cluster.append(option(cluster));
    this.#cluster.value = cluster;
    this.#result.value = result;
    this.#reason.value = reason;
    this.#clear.hidden = filterQuery(this.#filters) === '';
  }
}

function menu(name: string): HTMLSelectElement {
  const element = byId('filters', HTMLFormElement).elements.namedItem(name);
  if (element instanceof HTMLSelectElement) return element;
  throw new Error(`index.html has no menu ${name}`);
}

function option(value: string, text = printable(value)): HTMLOptionElement {
  return el('option', { value }, text);
}

/** A word that means something in two groups is in both: either choice finds both. */
function reasonGroups(): HTMLElement[] {
  return REASON_GROUPS.map(([label, words]) =>
    el('optgroup', { label }, ...Object.keys(words).map((word) => option(word))),
  );
}
