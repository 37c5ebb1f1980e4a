// envoy.service.ext_proc.v3.HeaderMutation: headers to overwrite or add, and headers to remove.

import type { HeaderChanges } from '../core/stream.js';
import { writeHeaderValue } from './header-value.js';
import { fieldSize, utf8Size, type Writer } from './protobuf/writer.js';

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

function headerSize([name, value]: HeaderChanges['set'][number]): number {
  return fieldSize(utf8Size(name)) + fieldSize(value.length);
}

export function mutationSize(set: HeaderChanges['set'], remove: HeaderChanges['remove']): number {
  let size = 0;
  for (const header of set) size += fieldSize(fieldSize(headerSize(header)) + APPEND_ACTION_BYTES);
  for (const name of remove) size += fieldSize(utf8Size(name));
  return size;
}

export function writeMutation(writer: Writer, set: HeaderChanges['set'], remove: HeaderChanges['remove']): void {
  for (const header of set) {
    const size = headerSize(header);
    writer.field(SET_HEADERS, fieldSize(size) + APPEND_ACTION_BYTES);
    writer.field(HEADER, size);
    writeHeader(writer, header);
    writer.byte(APPEND_ACTION_TAG);
    writer.byte(OVERWRITE_IF_EXISTS_OR_ADD);
  }
  for (const name of remove) {
    const size = utf8Size(name);
    writer.field(REMOVE_HEADERS, size);
    writer.text(name, size);
  }
}

function writeHeader(writer: Writer, [name, value]: HeaderChanges['set'][number]): void {
  const nameBytes = utf8Size(name);
  writer.field(KEY, nameBytes);
  writer.text(name, nameBytes);
  // Bytes and not text: Envoy wants them in this field.
  writer.field(RAW_VALUE, value.length);
  writeHeaderValue(writer, value);
}
