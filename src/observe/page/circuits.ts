// The table of circuits: a row for each, updated in place.

import type { LiveCircuit } from '../live/messages.js';
import { against, nameOf, percent, since, stateTone, until } from '../view/format.js';
import { circuitKey } from '../view/model.js';
import { filterQuery, NO_FILTERS } from '../view/query.js';
import { STATE_NAMES, TRANSITIONS } from '../view/words.js';
import { arrange, el, setAttribute, setText } from './dom.js';
import { shape, showState } from './shapes.js';
import { showResults, sparkline } from './sparkline.js';

export interface CircuitActions {
  /** Shows only the requests of this cluster, and of this target of it unless it is ''. */
  filter(cluster: string, target: string): void;
  /** Sets it by hand. */
  force(circuit: LiveCircuit): void;
}

export class CircuitTable {
  readonly #table: HTMLTableElement;
  readonly #body: HTMLElement;
  readonly #actions: CircuitActions;
  readonly #rows = new Map<string, CircuitRow>();

  constructor(table: HTMLTableElement, actions: CircuitActions) {
    const [body] = table.tBodies;
    if (body === undefined) throw new Error('the table of circuits has no body');
    this.#table = table;
    this.#body = body;
    this.#actions = actions;
    tellRoles(table);
  }

  show(circuits: readonly LiveCircuit[], writable: boolean, nowMs: number): void {
    const keys = circuits.map(({ cluster, target }) => circuitKey(cluster, target));
    const shown = new Set(keys);
    for (const key of this.#rows.keys()) if (!shown.has(key)) this.#rows.delete(key);
    const rows = circuits.map((circuit, index) => {
      const key = keys[index] ?? '';
      const row = this.#rows.get(key) ?? new CircuitRow(circuit, this.#actions);
      this.#rows.set(key, row);
      row.show(circuit, writable, nowMs);
      return row.element;
    });
    this.#table.toggleAttribute('data-writable', writable);
    arrange(this.#body, rows);
  }
}

/** Where a narrow page lays rows out as blocks, some browsers take a table for none unless it is said. */
function tellRoles(table: HTMLTableElement): void {
  const roles = { table: 'table', 'thead, tbody': 'rowgroup', tr: 'row', 'thead th': 'columnheader' };
  for (const [selector, role] of Object.entries(roles)) {
    for (const element of [table, ...table.querySelectorAll(selector)]) {
      if (element.matches(selector)) element.setAttribute('role', role);
    }
  }
}

class CircuitRow {
  readonly element: HTMLTableRowElement;
  readonly #icon = shape();
  readonly #state = el('span');
  readonly #mode = el('span', { class: 'tag' });
  readonly #ratio = el('b');
  readonly #figures = el('span', { class: 'quiet' });
  readonly #spark = sparkline();
  readonly #budget = el('span');
  readonly #now = el('span');
  readonly #button: HTMLButtonElement;
  #circuit: LiveCircuit;

  constructor(circuit: LiveCircuit, actions: CircuitActions) {
    this.#circuit = circuit;
    const name = nameOf(circuit);
    this.#button = el('button', { type: 'button', 'aria-label': `Set ${name} by hand` }, 'Set');
    this.#button.addEventListener('click', () => actions.force(this.#circuit));
    this.element = el(
      'tr',
      { role: 'row' },
      cell('state', el('span', { class: 'word' }, this.#icon, this.#state)),
      el('th', { role: 'rowheader', scope: 'row', class: 'name' }, filterLink(circuit, name, actions), this.#mode),
      cell('number failed', this.#ratio, ' ', this.#figures),
      cell('results', this.#spark),
      cell('number budget', this.#budget),
      cell('now', this.#now),
      cell('action', this.#button),
    );
  }

  show(circuit: LiveCircuit, writable: boolean, nowMs: number): void {
    this.#circuit = circuit;
    setAttribute(this.element, 'data-tone', stateTone(circuit.state));
    showState(this.#icon, circuit.state);
    setText(this.#state, STATE_NAMES[circuit.state]);
    setText(this.#mode, circuit.mode === 'enforce' ? '' : circuit.mode);
    this.#mode.hidden = circuit.mode === 'enforce';
    const { count, ratio, what } = against(circuit);
    setText(this.#ratio, circuit.requests === 0 ? '' : percent(ratio));
    setText(this.#figures, `${count} of ${circuit.requests}${what === 'slow' ? ' slow' : ''}`);
    showResults(this.#spark, circuit.recent);
    setText(this.#budget, circuit.budgetRemaining === null ? '-' : String(circuit.budgetRemaining));
    setText(this.#now, whatNow(circuit, nowMs));
    // Where the mode is off there is no state to set.
    this.#button.hidden = !writable || circuit.mode === 'off';
  }
}

function cell(name: string, ...children: readonly (Node | string)[]): HTMLTableCellElement {
  return el('td', { role: 'cell', class: name }, ...children);
}

/** A link as any other, so that it can be copied and opened elsewhere. */
function filterLink({ cluster, target }: LiveCircuit, name: string, actions: CircuitActions): HTMLElement {
  const href = filterQuery({ ...NO_FILTERS, cluster, target: target ?? '' });
  const link = el('a', { href, title: 'Only the requests of this circuit' }, el('bdi', {}, name));
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    actions.filter(cluster, target ?? '');
  });
  return link;
}

/** What the circuit waits for, and how it came to be as it is. */
function whatNow({ state, retryAt, openedAt, reason }: LiveCircuit, nowMs: number): string {
  const why = reason === null ? '' : TRANSITIONS[reason];
  const age = openedAt === null ? '' : ` for ${since(openedAt, nowMs)}`;
  switch (state) {
    case 'open': {
      const left = until(retryAt, nowMs);
      return `${left === null ? 'probe is due' : `probe in ${left}`}; ${why}`;
    }
    case 'half_open':
      return 'waits for its probes';
    case 'recovering':
      return 'lets more and more through';
    case 'forced_open':
      return `set by hand${age}`;
    case 'disabled':
      return 'set by hand: lets everything through';
    case 'closed':
      return reason === null ? '' : why;
  }
}
