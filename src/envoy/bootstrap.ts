// Is this a bootstrap that Sluice can be put in front of? Said before anything is changed or complained about.

import { formatPath, type Path } from '../policy/problems.js';
import { type BootstrapFile, positionOf, readDocument } from './document/document.js';
import { DocumentError } from './document/error.js';
import { isObject, type Json, type JsonObject } from './document/json.js';
import { managersOf } from './look/managers.js';
import { Message } from './look/message.js';
import type { EnvoyOptions } from './look/options.js';

/** A file that nothing can be done with. The message is for people, and names the place. */
export class BootstrapError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BootstrapError';
  }
}

const ANY_OF = ['static_resources', 'dynamic_resources'];

/**
 * @param name as it is to appear in messages
 * @throws BootstrapError that says what is wrong and where, and what to do
 */
export function readBootstrap(text: string, name: string, options: EnvoyOptions): BootstrapFile {
  const file = readOrExplain(text, name);
  const root = new Message(file.root, []);
  const fail = (path: Path, message: string): never => {
    const at = file.position(path);
    const place = at === null || path.length === 0 ? name : `${name}:${at.line}:${at.column} ${formatPath(path)}`;
    throw new BootstrapError(`${place}: ${message}`);
  };
  if (!ANY_OF.some((each) => root.get(each) !== undefined)) fail([], notOne(file.root));
  const old = findOld(file.root, []);
  if (old !== null) fail(old, 'is of the v2 API, which Envoy no longer reads; move the bootstrap to v3 first');
  if (managersOf(root, options).length === 0) noManager(root, options, fail);
  return file;
}

function readOrExplain(text: string, name: string): BootstrapFile {
  try {
    return readDocument(text);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    if (error.offset === undefined) throw new BootstrapError(`${name}: ${error.message}`);
    const { line, column } = positionOf(text, error.offset);
    throw new BootstrapError(`${name}:${line}:${column}: ${error.message}`);
  }
}

function notOne(root: JsonObject): string {
  if (Array.isArray(root.configs)) return 'is a dump of /config_dump; give the bootstrap that Envoy is started with';
  const keys = Object.keys(root).slice(0, 5).join(', ');
  return `is no Envoy bootstrap: it has neither static_resources nor dynamic_resources (it has ${keys})`;
}

/** The first `@type` of the old API. */
function findOld(value: Json, path: Path): Path | null {
  const parts: [string | number, Json][] = Array.isArray(value)
    ? [...value.entries()]
    : isObject(value)
      ? Object.entries(value)
      : [];
  for (const [key, part] of parts) {
    const here = [...path, key];
    if (key === '@type' && typeof part === 'string' && isOld(part)) return here;
    const found = findOld(part, here);
    if (found !== null) return found;
  }
  return null;
}

function isOld(url: string): boolean {
  return /\benvoy\.(api\.v2|config\..*\.v2(alpha\d*)?)\./.test(url);
}

function noManager(root: Message, options: EnvoyOptions, fail: (path: Path, message: string) => never): void {
  const all = managersOf(root, { ...options, listeners: [], statPrefixes: [] });
  if (all.length > 0) {
    const names = all.map(({ listener, message }) => `${listener} (${message.text('stat_prefix')})`);
    fail([], `has no connection manager that --listener and --stat-prefix choose; it has ${names.join(', ')}`);
  }
  if (root.message('dynamic_resources')?.get('lds_config') !== undefined) return;
  fail(
    ['static_resources'],
    'has no HTTP connection manager: Sluice decides about HTTP requests, and here there are none',
  );
}
