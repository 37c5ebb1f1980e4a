// Which handler a request is for. The paths are few and fixed, so they are tried one after the other.

import type { IncomingMessage } from 'node:http';
import { match, type ParamData } from 'path-to-regexp';
import { printable } from '../printable.js';
import type { Answer } from './answer.js';
import { HttpError } from './errors.js';

/** Of a name in a path, decoded: far more than a name may have. */
const MAX_NAME_LENGTH = 4096;

export interface Visit {
  readonly request: IncomingMessage;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface RoutedVisit<P extends ParamData> extends Visit {
  /** Decoded. */
  readonly params: P;
}

export type Handler<P extends ParamData> = (visit: RoutedVisit<P>) => Answer | Promise<Answer>;

export interface Route {
  readonly methods: readonly string[];
  /** null: another path. @throws HttpError 400 for one that cannot be decoded, 414 for one that is too long. */
  take(visit: Visit): (() => Answer | Promise<Answer>) | null;
}

/** HEAD is answered as well, as GET is, without the body. */
export function get<P extends ParamData>(path: string, handler: Handler<P>): Route {
  return route(['GET', 'HEAD'], path, handler);
}

/** @param path segments, of which one that begins with a colon is a parameter; `*name` at its end: all that remain. */
export function route<P extends ParamData>(methods: readonly string[], path: string, handler: Handler<P>): Route {
  const matches = match<P>(path, { sensitive: true, trailing: false });
  return {
    methods,
    take: (visit) => {
      const found = decoded(() => matches(visit.path), visit.path);
      if (found === false) return null;
      if (Object.values(found.params).some(isTooLong)) throw new HttpError(414, tooLong(path));
      return () => handler({ ...visit, params: found.params });
    },
  };
}

/** null: there is nothing of that path and method. */
export function find(routes: readonly Route[], visit: Visit): (() => Answer | Promise<Answer>) | null {
  const method = visit.request.method ?? '';
  for (const each of routes) {
    const found = each.methods.includes(method) ? each.take(visit) : null;
    if (found !== null) return found;
  }
  return null;
}

export function visitOf(request: IncomingMessage): Visit {
  const url = relative(request.url ?? '/');
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  return { request, path, query: new URLSearchParams(end < 0 ? '' : url.slice(end)) };
}

/** Through a proxy, all of a URL may be asked for. */
function relative(url: string): string {
  if (url.startsWith('/') || !URL.canParse(url)) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function decoded<T>(decode: () => T, path: string): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new HttpError(400, `${printable(path)} is no path: a % takes two hexadecimal digits of UTF-8 after it`);
  }
}

function isTooLong(name: string | readonly string[] | undefined): boolean {
  return typeof name === 'string' && name.length > MAX_NAME_LENGTH;
}

function tooLong(path: string): string {
  return `the name in ${path} is longer than ${MAX_NAME_LENGTH} characters`;
}
