// The kinds of field that a policy is made of. Each says in its own error what it wants, because "invalid input"
// sends people to the source; limits and texts stay with the fields themselves, in schema.ts.

import { z } from 'zod';
import { DURATION_PATTERN, durationMs, parseDuration } from './duration.js';
import { GRPC_CODE_NAMES } from './grpc-codes.js';
import { complaint, show } from './problems.js';
import { nearest } from './suggest.js';

/** Names of clusters and routes: long enough for Istio's, short enough to print. */
export const MAX_NAME_LENGTH = 512;

type Issue = { readonly input?: unknown };
const wants = (want: string) => ({ error: (issue: Issue) => complaint(issue.input, want) });

/** A whole number of something; `want` where the plain limits would mislead. */
export function count(min: number, max: number, want = `a whole number from ${min} to ${max}`) {
  const error = wants(want);
  return z.number(error).int(error).min(min, error).max(max, error);
}

/** Any finite number. */
export function amount(min: number, max: number) {
  const error = wants(`a number from ${min} to ${max}`);
  return z.number(error).min(min, error).max(max, error);
}

/** A share: 0 to 1. */
export function share() {
  const error = wants('a share from 0 to 1');
  return z.number(error).min(0, error).max(1, error);
}

/** A share that must not be 0, because 0 would always hold. */
export function positiveShare() {
  const error = wants('a share above 0 and up to 1');
  return z.number(error).gt(0, error).max(1, error);
}

export function flag() {
  return z.boolean(wants('true or false'));
}

/** A duration in the file's notation, kept as text; `min` and `max` in the same notation. */
export function duration(min: string, max: string) {
  const [minMs, maxMs] = [durationMs(min), durationMs(max)];
  const text = z.string().regex(DURATION_PATTERN, { error: durationComplaint, abort: true });
  return z.union([text, z.literal(0)], { error: durationComplaint }).superRefine((value, context) => {
    const parsed = parseDuration(value);
    if (!parsed.ok) context.addIssue(parsed.problem);
    else if (parsed.ms < minMs || parsed.ms > maxMs) {
      context.addIssue(`is ${value}; give a duration from ${min} to ${max}`);
    }
  });
}

/** One word of a closed list. */
export function word<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, { error: (issue: Issue) => wordComplaint(issue.input, words) });
}

export function list<T extends z.ZodType>(item: T, of: string, maxItems: number) {
  const error = wants(`a list of ${of}, such as [] for none, with at most ${maxItems} entries`);
  return z.array(item, error).max(maxItems, error);
}

/** An HTTP status. */
export function status() {
  return count(100, 599);
}

/** A gRPC status by number or by name; 0 (OK) can be no failure. */
export function grpcStatus() {
  const error = { error: grpcComplaint, abort: true };
  const byNumber = z.number().int(error).min(1, error).max(16, error);
  return z.union([byNumber, z.enum(GRPC_CODE_NAMES)], { error: grpcComplaint });
}

/** The exact name of an Envoy cluster; patterns only make sense as keys. */
export function clusterName() {
  const error = wants(`the exact name of one cluster, without *, 1 to ${MAX_NAME_LENGTH} characters`);
  return z
    .string(error)
    .regex(/^[^*\p{Cc}]+$/u, error)
    .max(MAX_NAME_LENGTH, error);
}

/** A key of `clusters`, `routes` or `targets`. */
export function nameKey(maxLength = MAX_NAME_LENGTH) {
  const error = wants(`a name of 1 to ${maxLength} characters without control characters`);
  return z
    .string(error)
    .regex(/^[^\p{Cc}]+$/u, error)
    .max(maxLength, error);
}

/** Sluice has no use for credentials, and values of this header show in metrics, logs and records. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
]);
const credentialError = wants('a header that holds no credential: its values are shown in metrics and logs');

/** A request header's name, token characters of RFC 9110 only (so no pseudo headers), in any case. */
export function headerName() {
  const error = wants('the name of one request header, such as x-model');
  return z
    .string(error)
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, error)
    .max(128, error)
    .refine((name) => !CREDENTIALS.has(name.toLowerCase()), credentialError);
}

/** A mapping with exactly these keys; each unknown one becomes an error (see issues.ts). */
export function group<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: mappingComplaint });
}

/** A mapping with names for keys. */
export function named<K extends z.ZodString, V extends z.ZodType>(key: K, value: V) {
  return z.record(key, value, { error: mappingComplaint });
}

function mappingComplaint(issue: { readonly code?: string | undefined; readonly input?: unknown }): string | undefined {
  return issue.code === 'invalid_type' ? complaint(issue.input, 'a mapping, such as {}') : undefined;
}

function durationComplaint(issue: Issue): string {
  const value = issue.input;
  if (typeof value !== 'string' && typeof value !== 'number')
    return complaint(value, 'a duration such as 500ms, 60s or 5m');
  const parsed = parseDuration(value);
  return parsed.ok ? complaint(value, 'a duration as text') : parsed.problem;
}

function wordComplaint(value: unknown, words: readonly string[]): string {
  const near = typeof value === 'string' ? nearest(value, words) : null;
  const all = `one of ${words.join(', ')}`;
  return near === null ? complaint(value, all) : `is ${show(value)}; did you mean ${near}? Give ${all}`;
}

function grpcComplaint(issue: Issue): string {
  const near = typeof issue.input === 'string' ? nearest(issue.input, GRPC_CODE_NAMES) : null;
  const want = 'a gRPC status from 1 to 16 or its name, such as UNAVAILABLE';
  return near === null ? complaint(issue.input, want) : `is ${show(issue.input)}; did you mean ${near}? Give ${want}`;
}
