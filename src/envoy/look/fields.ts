// One table per piece says of each field what Sluice writes there, what else is as good, and what follows if it is
// neither. Pieces are built from it, checked against it and mended by it.

import type { Json, JsonObject } from '../document/json.js';
import { Message } from './message.js';
import type { Level, Need } from './need.js';

export interface FieldRule {
  readonly code: string;
  readonly level: Level;
  /** From the message of the table. */
  readonly field: readonly string[];
  /** undefined: the field has to be absent. */
  readonly want: Json | undefined;
  /** What is wrong with a value (undefined: absent), continuing the sentence "FIELD ..."; null: nothing. */
  readonly wrong: (value: Json | undefined) => string | null;
  readonly causes: string;
  /** What to write in the place of a wrong value, where something of it can be kept. */
  readonly mended?: (value: Json | undefined) => Json;
}

export function build(rules: readonly FieldRule[], start: JsonObject = {}): JsonObject {
  const built = new Message(start, []);
  for (const { field, want } of rules) if (want !== undefined) built.put(field, structuredClone(want));
  return built.value;
}

export function* unmet(message: Message, rules: readonly FieldRule[]): Generator<Need> {
  for (const rule of rules) {
    const value = message.find(rule.field);
    const wrong = rule.wrong(value);
    if (wrong === null) continue;
    const better = rule.mended === undefined ? rule.want : rule.mended(value);
    yield {
      code: rule.code,
      level: rule.level,
      path: message.at(...rule.field),
      wrong,
      causes: rule.causes,
      fix: better === undefined ? 'remove it' : `set it to ${JSON.stringify(better)}`,
      mend: () => message.put(rule.field, better === undefined ? undefined : structuredClone(better)),
      told: value !== undefined,
    };
  }
}

/** For `wrong`: one of these, `undefined` standing for an absent field whose default is as good. */
export function oneOf(...good: readonly (Json | undefined)[]): FieldRule['wrong'] {
  return (value) => (good.includes(value) ? null : value === undefined ? 'is missing' : `is ${brief(value)}`);
}

/** What a person or another program may have written for true. */
export const isTrue: FieldRule['wrong'] = oneOf(true, 'true', 'yes', 'on');
export const isNotTrue: FieldRule['wrong'] = (value) => (isTrue(value) === null ? `is ${brief(value ?? true)}` : null);

/** Seconds of a protobuf duration such as `0.5s`; null where it is none. */
export function secondsOf(value: Json | undefined): number | null {
  if (typeof value !== 'string' || !/^\d+(\.\d+)?s$/.test(value)) return null;
  return Number(value.slice(0, -1));
}

/** A whole number, which JSON may hold as text. */
export function countOf(value: Json | undefined): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : null;
}

export function brief(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
