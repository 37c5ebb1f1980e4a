// Reads the header list of a request and holds it to the rules of HTTP/2 (RFC 9113, section 8): what a proxy in front
// of us would have let through by mistake must not be believed here.

import { StreamError } from './errors.js';
import type { Header } from './hpack/static-table.js';
import { CODE } from './protocol.js';

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  /** The first `x-sluice-role`. */
  readonly role: string | undefined;
  /** Bytes of body that were announced; null where none were. */
  readonly contentLength: number | null;
}

const PSEUDO: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority']);
/** They are about one connection of HTTP/1, and have no business here. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/** RFC 9110, section 5.6.2, without capitals. */
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const FORBIDDEN_IN_VALUES = /[\0\r\n]|^[ \t]|[ \t]$/;
const DIGITS = /^\d{1,15}$/;

function malformed(why: string): StreamError {
  return new StreamError(CODE.protocolError, `malformed request: ${why}`);
}

function checkField([name, value]: Header): void {
  if (!NAME.test(name)) throw malformed(`the header name ${JSON.stringify(name)}`);
  if (FORBIDDEN_IN_VALUES.test(value)) throw malformed(`the value of ${name}`);
  if (OF_CONNECTION.has(name)) throw malformed(`${name} is a header of HTTP/1 connections`);
  if (name === 'te' && value !== 'trailers') throw malformed('te is not "trailers"');
}

/** The pseudo headers, which come first, each once. */
function pseudoHeaders(headers: readonly Header[]): Map<string, string> {
  const found = new Map<string, string>();
  let over = false;
  for (const [name, value] of headers) {
    if (!name.startsWith(':')) {
      over = true;
      continue;
    }
    if (over) throw malformed(`${name} comes after ordinary headers`);
    if (!PSEUDO.has(name)) throw malformed(`there is no ${name} in requests`);
    if (found.has(name)) throw malformed(`${name} is there twice`);
    if (FORBIDDEN_IN_VALUES.test(value)) throw malformed(`the value of ${name}`);
    found.set(name, value);
  }
  return found;
}

function contentLength(headers: readonly Header[]): number | null {
  let length: number | null = null;
  for (const [name, value] of headers) {
    if (name !== 'content-length') continue;
    const announced = DIGITS.test(value) ? Number(value) : null;
    if (announced === null || (length !== null && length !== announced)) {
      throw malformed(`the content-length ${JSON.stringify(value)}`);
    }
    length = announced;
  }
  return length;
}

function required(pseudo: ReadonlyMap<string, string>, name: string): string {
  const value = pseudo.get(name);
  if (value === undefined || value === '') throw malformed(`there is no ${name}`);
  return value;
}

/** @throws StreamError for a malformed request. */
export function readRequestHead(headers: readonly Header[]): RequestHead {
  const pseudo = pseudoHeaders(headers);
  for (const header of headers) if (!header[0].startsWith(':')) checkField(header);
  required(pseudo, ':scheme');
  const first = (name: string) => headers.find((header) => header[0] === name)?.[1];
  return {
    method: required(pseudo, ':method'),
    path: required(pseudo, ':path'),
    contentType: first('content-type') ?? '',
    role: first('x-sluice-role'),
    contentLength: contentLength(headers),
  };
}

/** @throws StreamError for trailers that no request may have. */
export function checkTrailers(headers: readonly Header[]): void {
  for (const header of headers) checkField(header);
}
