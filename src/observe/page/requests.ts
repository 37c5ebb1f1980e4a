// The list of requests, newest first. A row is made once and updated in place: one that is open stays open, and the focus
// stays where it is.

import type { RequestJson } from '../records/json.js';
import { duration, resultTone, retriesOf, retriesText, wayOf, whyOf } from '../view/format.js';
import { cards } from './cards.js';
import { arrange, el, setAttribute, setText } from './dom.js';
import { shape, showResult } from './shapes.js';

export class RequestList {
  readonly #list: HTMLElement;
  readonly #rows = new Map<string, RequestRow>();

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  show(requests: readonly RequestJson[]): void {
    const shown = new Set(requests.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!shown.has(id)) this.#rows.delete(id);
    const rows = requests.map((request) => {
      const row = this.#rows.get(request.id) ?? new RequestRow();
      this.#rows.set(request.id, row);
      row.show(request);
      return row.element;
    });
    arrange(this.#list, rows);
  }
}

class RequestRow {
  readonly element: HTMLLIElement;
  readonly #details = el('details');
  readonly #time = el('time', { class: 'time' });
  readonly #icon = shape();
  readonly #result = el('span');
  readonly #status = el('span', { class: 'status' });
  readonly #badge = el('span', { class: 'badge' });
  readonly #method = el('span', { class: 'method' });
  readonly #path = el('bdi', { class: 'path' });
  readonly #where = el('bdi', { class: 'where' });
  readonly #why = el('span', { class: 'why' });
  readonly #took = el('span', { class: 'took number' });
  #request: RequestJson | null = null;
  #cards: HTMLElement | null = null;

  constructor() {
    const summary = el(
      'summary',
      {},
      this.#time,
      el('span', { class: 'word' }, this.#icon, this.#result),
      this.#status,
      el('span', { class: 'badges' }, this.#badge),
      el('span', { class: 'what' }, this.#method, ' ', this.#path),
      this.#where,
      this.#why,
      this.#took,
    );
    this.#details.append(summary);
    // Cards are made when they are first looked at: most never are.
    this.#details.addEventListener('toggle', () => this.#showCards());
    this.element = el('li', {}, this.#details);
  }

  show(request: RequestJson): void {
    if (request === this.#request) return;
    this.#request = request;
    const { startedAt, result, status, method, path, durationMs } = request;
    const retries = retriesOf(request);
    setAttribute(this.element, 'data-tone', resultTone(result));
    setAttribute(this.#time, 'datetime', startedAt);
    setAttribute(this.#time, 'title', startedAt);
    setText(this.#time, clock(startedAt));
    showResult(this.#icon, result);
    setText(this.#result, result.replace('_', ' '));
    setText(this.#status, status === null ? '' : String(status));
    this.#badge.hidden = retries === 0;
    setText(this.#badge, retries === 0 ? '' : retriesText(retries));
    setText(this.#method, method);
    setText(this.#path, path);
    setText(this.#where, wayOf(request));
    setText(this.#why, whyOf(request));
    setText(this.#took, durationMs === null ? '' : duration(durationMs));
    this.#showCards();
  }

  #showCards(): void {
    if (this.#request === null || !this.#details.open) return;
    const made = cards(this.#request);
    if (this.#cards === null) this.#details.append(made);
    else this.#cards.replaceWith(made);
    this.#cards = made;
  }
}

/** Local time of day. */
function clock(iso: string): string {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
