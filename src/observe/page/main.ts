// The page: what comes over the stream goes into the model, and the model is drawn at most once per frame.

import type { LiveCircuit } from '../live/messages.js';
import { nameOf } from '../view/format.js';
import { LIVE_REQUESTS, LiveModel } from '../view/model.js';
import { filterQuery, NO_FILTERS } from '../view/query.js';
import { STATE_NAMES, TRANSITIONS } from '../view/words.js';
import { CircuitTable } from './circuits.js';
import { byId, setAttribute, setText } from './dom.js';
import { FilterForm } from './filter-form.js';
import { ForceDialog } from './force.js';
import { RequestList } from './requests.js';
import { type Listener, Stream } from './stream.js';

const TICK_MS = 1000;
const CONNECTION = { connecting: 'connecting', live: 'live', lost: 'connection lost; trying again' } as const;

class Page implements Listener {
  readonly #model = new LiveModel();
  readonly #force = new ForceDialog();
  readonly #filters = new FilterForm(() => this.#ask());
  readonly #stream = new Stream(this);
  readonly #table = new CircuitTable(byId('circuits', HTMLTableElement), {
    filter: (cluster, target) => this.#filters.set({ ...NO_FILTERS, cluster, target }),
    force: (circuit) => this.#force.open(circuit),
  });
  readonly #list = new RequestList(byId('request-rows', HTMLElement));
  readonly #pause = byId('pause', HTMLButtonElement);
  readonly #announcer = byId('announcer', HTMLElement);
  #frame = 0;
  /** What the list of requests was drawn from; null while it follows. */
  #held: LiveModel['requests'] | null = null;
  #known = false;

  start(): void {
    this.#pause.addEventListener('click', () => this.#togglePause());
    this.#ask();
    setInterval(() => this.#draw(), TICK_MS);
  }

  snapshot(event: Parameters<Listener['snapshot']>[0]): void {
    this.#model.heard(event.now, Date.now());
    this.#model.snapshot(event);
    this.#known = true;
    this.#draw();
  }

  delta(event: Parameters<Listener['delta']>[0]): void {
    this.#model.heard(event.now, Date.now());
    const changed = this.#model.delta(event);
    if (changed.length > 0) setText(this.#announcer, changed.map(announcement).join('. '));
    this.#draw();
  }

  beat(event: Parameters<Listener['beat']>[0]): void {
    this.#model.heard(event.now, Date.now());
  }

  connection(state: Parameters<Listener['connection']>[0]): void {
    const element = byId('connection', HTMLElement);
    setAttribute(element, 'data-state', state);
    setText(element, CONNECTION[state]);
  }

  #ask(): void {
    this.#held = null;
    this.#stream.ask(filterQuery(this.#filters.filters));
  }

  #togglePause(): void {
    this.#held = this.#held === null ? this.#model.requests : null;
    this.#draw();
  }

  #draw(): void {
    if (!this.#known || this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawCircuits();
      this.#drawRequests();
    });
  }

  #drawCircuits(): void {
    const { circuits, more, writable, version } = this.#model;
    const nowMs = this.#model.serverNow(Date.now());
    this.#table.show(circuits, writable, nowMs);
    this.#filters.offer(circuits);
    byId('circuits', HTMLTableElement).hidden = circuits.length === 0;
    byId('no-circuits', HTMLElement).hidden = circuits.length > 0;
    setText(byId('circuits-summary', HTMLElement), summary(circuits, more));
    setText(byId('version', HTMLElement), version);
    document.title = title(circuits);
  }

  #drawRequests(): void {
    const { requests } = this.#model;
    const shown = this.#held ?? requests;
    this.#list.show(shown);
    const filtered = filterQuery(this.#filters.filters) !== '';
    const missed = this.#held === null ? 0 : requests.filter(({ id }) => !shown.some((each) => each.id === id)).length;
    setAttribute(this.#pause, 'aria-pressed', String(this.#held !== null));
    setText(this.#pause, this.#held === null ? 'Pause' : `Paused${missed === 0 ? '' : `, ${missed} new`}`);
    const count = shown.length < LIVE_REQUESTS ? shown.length : `the newest ${shown.length}`;
    setText(
      byId('requests-summary', HTMLElement),
      shown.length === 0 ? '' : `${count} retried, rerouted, refused or cut short`,
    );
    const empty = byId('no-requests', HTMLElement);
    empty.hidden = shown.length > 0;
    setText(empty, `No request${filtered ? ' that fits the filter' : ''} was retried, rerouted, refused or cut short.`);
  }
}

function announcement(circuit: LiveCircuit): string {
  const why = circuit.reason === null ? '' : `, ${TRANSITIONS[circuit.reason]}`;
  return `${nameOf(circuit)} is ${STATE_NAMES[circuit.state]}${why}`;
}

/** `6 circuits, 1 open`. */
function summary(circuits: readonly LiveCircuit[], more: number): string {
  const counts = new Map<string, number>();
  for (const { state } of circuits) if (state !== 'closed') counts.set(state, (counts.get(state) ?? 0) + 1);
  const others = [...counts].map(([state, count]) => `${count} ${state.replace('_', ' ')}`);
  const hidden = more === 0 ? [] : [`${more} more are not shown`];
  return circuits.length === 0 ? '' : [`${circuits.length} in all`, ...others, ...hidden].join(', ');
}

/** Seen in the tab, without looking at the page. */
function title(circuits: readonly LiveCircuit[]): string {
  const open = circuits.filter(({ state }) => state === 'open' || state === 'forced_open').length;
  return open === 0 ? 'Sluice' : `(${open}) Sluice`;
}

new Page().start();
