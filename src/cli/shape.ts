// What comes over HTTP may be another version's, or no Sluice at all: the least that has to hold before it is shown.

import type { LiveDelta, LiveSnapshot } from '../observe/live/messages.js';
import type { RequestJson } from '../observe/records/json.js';

export function isRequest(value: unknown): value is RequestJson {
  return has(value, 'id', 'string') && has(value, 'result', 'string') && hasList(value, 'attempts');
}

export function isSnapshot(value: unknown): value is LiveSnapshot {
  return has(value, 'now', 'string') && hasList(value, 'circuits') && hasList(value, 'requests');
}

export function isDelta(value: unknown): value is LiveDelta {
  return isSnapshot(value) && hasList(value, 'gone') && hasList(value, 'left');
}

export function isBeat(value: unknown): value is { readonly now: string } {
  return has(value, 'now', 'string');
}

function has(value: unknown, field: string, type: string): boolean {
  return typeof fieldOf(value, field) === type;
}

function hasList(value: unknown, field: string): boolean {
  return Array.isArray(fieldOf(value, field));
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}
