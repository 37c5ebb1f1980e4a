// The page at `/`: files that the build puts beside the program, read once, when somebody first asks for them. Only files
// that were found are served, by the very name they were found under, so that no request can reach another.

import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Answer } from './answer.js';
import { HttpError } from './errors.js';
import { get, type Route } from './route.js';

/** Both `src/observe/admin` and `dist/observe/admin` lie three levels below the package's root. */
const BUILT = new URL('../../../dist/observe/', import.meta.url);
/** What the page's scripts are made of lies in these. */
const DIRECTORIES = ['page', 'view'];
/** Shared with the rest of the program. */
const SHARED = ['printable.js'];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Nothing but our own files is loaded, nothing is framed, no form is sent, and no text becomes markup: what sets HTML
 * from a string fails in the browser.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const PAGE_HEADERS = { 'content-security-policy': PAGE_POLICY, 'referrer-policy': 'no-referrer' };

/** Links in the page are relative, so that it works behind a proxy's prefix. */
export function pageRoutes(): Route[] {
  const files = once(findFiles);
  const file = async (name: string): Promise<Answer> => {
    const bytes = (await files()).get(name);
    if (bytes === undefined) throw new HttpError(404, 'the page has no such file');
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    return { headers: PAGE_HEADERS, content: { kind: 'whole', type, bytes } };
  };
  return [
    get('/', () => file('page/index.html')),
    get<{ name: string[] }>('/ui/*name', ({ params }) => file(params.name.join('/'))),
  ];
}

/** @throws Error where the build is incomplete. */
async function findFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const lists = await Promise.all(DIRECTORIES.map(async (name) => inside(name, await readdir(new URL(name, BUILT)))));
  const names = [...lists.flat(), ...SHARED].filter((name) => extname(name) in TYPES);
  const files = await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, BUILT))] as const));
  return new Map(files);
}

function inside(directory: string, names: readonly string[]): string[] {
  return names.map((name) => `${directory}/${name}`);
}

/** A failure is not kept: the next call tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}
