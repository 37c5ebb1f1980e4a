// The JSON of each event, put together from texts that are made once for all readers.

import type { RequestRecord } from '../../core/record.js';
import { requestJson } from '../records/json.js';
import { matchesQuery, type RecordsQuery } from '../records.js';
import { LIVE_REQUESTS } from '../view/model.js';
import type { View } from './circuits.js';

/** The texts of requests, for as long as one event is made. */
export class RequestTexts {
  readonly #texts = new Map<RequestRecord, string>();
  readonly #toIso: (monotonicMs: number) => string;

  constructor(toIso: (monotonicMs: number) => string) {
    this.#toIso = toIso;
  }

  of(record: RequestRecord): string {
    const known = this.#texts.get(record) ?? JSON.stringify(requestJson(record, this.#toIso));
    this.#texts.set(record, known);
    return known;
  }
}

export interface Head {
  readonly now: string;
  readonly version: string;
  readonly writable: boolean;
}

export function snapshotFrame(head: Head, { shown, more }: View, requests: readonly string[]): string {
  const fields = JSON.stringify({ ...head, more }).slice(1, -1);
  return `{${fields},"circuits":[${[...shown.values()]}],"requests":[${requests}]}`;
}

/** What has changed about circuits, as the fields of a delta; null: nothing. */
export function circuitFields(before: View, after: View): string | null {
  const changed: string[] = [];
  for (const [key, text] of after.shown) if (before.shown.get(key) !== text) changed.push(text);
  const gone = [...before.shown.keys()].filter((key) => !after.shown.has(key));
  if (changed.length === 0 && gone.length === 0 && before.more === after.more) return null;
  return `"circuits":[${changed}],"gone":[${gone}],"more":${after.more}`;
}

/** The same for requests, as far as this reader asked for them. `changed`: newest first. */
export function requestFields(
  changed: readonly RequestRecord[],
  query: RecordsQuery,
  texts: RequestTexts,
): string | null {
  if (changed.length === 0) return null;
  const wanted = changed.filter((record) => matchesQuery(record, query));
  // A request may fit while it is pending and not when it is over: its reader must let go of it.
  const narrows = query.result !== undefined || query.reason !== undefined;
  const left = narrows ? changed.filter((record) => !matchesQuery(record, query)).map(({ id }) => id) : [];
  if (wanted.length === 0 && left.length === 0) return null;
  const requests = wanted.slice(0, LIVE_REQUESTS).map((record) => texts.of(record));
  return `"requests":[${requests}],"left":${JSON.stringify(left)}`;
}

/** null: there is nothing to tell. */
export function deltaFrame(now: string, more: number, circuits: string | null, requests: string | null): string | null {
  if (circuits === null && requests === null) return null;
  const noCircuits = `"circuits":[],"gone":[],"more":${more}`;
  return `{"now":"${now}",${circuits ?? noCircuits},${requests ?? '"requests":[],"left":[]'}}`;
}
