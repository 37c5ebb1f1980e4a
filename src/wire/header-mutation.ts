// envoy.service.ext_proc.v3.HeaderMutation: headers to overwrite or add, and headers to remove.

import type { HeaderChanges, HeaderToSet } from '../core/stream.js';
import { writeHeaderValue } from './header-value.js';
import { fieldSize, utf8Size, Writer } from './protobuf/writer.js';

const SET_HEADERS = 1;
const REMOVE_HEADERS = 2;
/** Of a HeaderValueOption. */
const HEADER = 1;
const APPEND_ACTION_TAG = 3 << 3;
const OVERWRITE_IF_EXISTS_OR_ADD = 2;
const APPEND_ACTION_BYTES = 2;
/** Of a HeaderValue. */
const KEY = 1;
const RAW_VALUE = 3;

function headerSize([name, value]: HeaderToSet): number {
  return fieldSize(utf8Size(name)) + fieldSize(value.length);
}

function setSize(set: readonly HeaderToSet[]): number {
  let size = 0;
  for (const header of set) size += fieldSize(fieldSize(headerSize(header)) + APPEND_ACTION_BYTES);
  return size;
}

export function mutationSize({ set, common, remove }: HeaderChanges): number {
  let size = setSize(set);
  if (common !== undefined) size += bytesOf(common).length;
  for (const name of remove) size += fieldSize(utf8Size(name));
  return size;
}

export function writeMutation(writer: Writer, { set, common, remove }: HeaderChanges): void {
  writeSet(writer, set);
  if (common !== undefined) writer.raw(bytesOf(common));
  for (const name of remove) {
    const size = utf8Size(name);
    writer.field(REMOVE_HEADERS, size);
    writer.text(name, size);
  }
}

/** What lists of common headers come to. They are made once per grant, and live as long. */
const known = new WeakMap<readonly HeaderToSet[], Buffer>();

function bytesOf(common: readonly HeaderToSet[]): Buffer {
  const found = known.get(common);
  if (found !== undefined) return found;
  const bytes = Buffer.alloc(setSize(common));
  writeSet(new Writer(bytes, 0), common);
  known.set(common, bytes);
  return bytes;
}

function writeSet(writer: Writer, set: readonly HeaderToSet[]): void {
  for (const header of set) {
    const size = headerSize(header);
    writer.field(SET_HEADERS, fieldSize(size) + APPEND_ACTION_BYTES);
    writer.field(HEADER, size);
    writeHeader(writer, header);
    writer.byte(APPEND_ACTION_TAG);
    writer.byte(OVERWRITE_IF_EXISTS_OR_ADD);
  }
}

function writeHeader(writer: Writer, [name, value]: HeaderToSet): void {
  const nameBytes = utf8Size(name);
  writer.field(KEY, nameBytes);
  writer.text(name, nameBytes);
  // Bytes and not text: Envoy wants them in this field.
  writer.field(RAW_VALUE, value.length);
  writeHeaderValue(writer, value);
}
