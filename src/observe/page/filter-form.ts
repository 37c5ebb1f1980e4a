// The filters of the list of requests: four menus whose state is the page's address.

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
  readonly #target = menu('target');
  readonly #result = menu('result');
  readonly #reason = menu('reason');
  readonly #clear = byId('clear', HTMLButtonElement);
  readonly #changed: () => void;
  #filters: Filters = readFilters(location.search);

  /** `changed` is called when the filters have become others. */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#result.append(...Object.keys(RESULT_WORDS).map((word) => option(word)));
    this.#reason.append(...reasonGroups());
    for (const each of [this.#cluster, this.#target, this.#result, this.#reason]) {
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

  /** The circuits there are, whose names are what there is to choose from. */
  offer(circuits: readonly { readonly cluster: string; readonly target: string | null }[]): void {
    const { cluster, target } = this.#filters;
    fill(this.#cluster, [...circuits.map((circuit) => circuit.cluster), cluster], cluster);
    fill(this.#target, [...circuits.map((circuit) => circuit.target ?? ''), target], target);
    this.#hideUnused();
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
      target: this.#target.value,
      result: isResult(result) ? result : '',
      reason: isReason(reason) ? reason : '',
    };
  }

  #show(): void {
    const { cluster, target, result, reason } = this.#filters;
    choose(this.#cluster, cluster);
    choose(this.#target, target);
    this.#result.value = result;
    this.#reason.value = reason;
    this.#clear.hidden = filterQuery(this.#filters) === '';
    this.#hideUnused();
  }

  /** Most policies split no cluster. */
  #hideUnused(): void {
    const label = this.#target.closest('label');
    if (label !== null) label.hidden = this.#target.options.length < 2;
  }
}

/** The names, each once, after `all`. */
function fill(element: HTMLSelectElement, names: readonly string[], chosen: string): void {
  const wanted = [...new Set(names)].filter((name) => name !== '').sort();
  const there = [...element.options].slice(1).map(({ value }) => value);
  // A menu that is open must not change under the hand of its user.
  if (JSON.stringify(wanted) === JSON.stringify(there) || document.activeElement === element) return;
  element.replaceChildren(option('', 'all'), ...wanted.map((name) => option(name)));
  element.value = chosen;
}

/** An address may name what is not there (yet). */
function choose(element: HTMLSelectElement, name: string): void {
  if (![...element.options].some(({ value }) => value === name)) element.append(option(name));
  element.value = name;
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
