// Takes a message of the access log apart, so that its entries can change places: how many of them Envoy puts into a message
// depends on the load, and must not decide what a test sees.

import { LENGTH, Reader, tagOf } from '../../../src/wire/protobuf/reader.js';
import { field } from '../../wire/support/bytes.js';

const HTTP_LOGS = 2;
const LOG_ENTRY = 1;

/** A message for each entry; what else was in it, such as who Envoy is, is left out. */
export function singleEntries(message: Buffer): Buffer[] {
  const singles: Buffer[] = [];
  for (const logs of fieldsOf(message, HTTP_LOGS)) {
    for (const entry of fieldsOf(logs, LOG_ENTRY)) singles.push(field(HTTP_LOGS, field(LOG_ENTRY, entry)));
  }
  return singles;
}

function* fieldsOf(message: Buffer, number: number): Generator<Buffer> {
  const reader = new Reader(message, 0, message.length);
  while (reader.more) {
    const tag = reader.tag();
    if (tag !== tagOf(number, LENGTH)) reader.skip(tag);
    else {
      const end = reader.stop();
      yield message.subarray(reader.at, end);
      reader.at = end;
    }
  }
}
