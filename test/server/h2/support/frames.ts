// Frames as bytes, right and wrong ones alike.

import { encodeHeaders } from '../../../../src/server/h2/hpack/encode.js';
import type { Header } from '../../../../src/server/h2/hpack/static-table.js';
import { FLAG, FRAME, PREFACE } from '../../../../src/server/h2/protocol.js';
import { METHODS } from '../../../../src/server/services.js';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, id: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, body]);
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
}

export function settings(...entries: (readonly [id: number, value: number])[]): Buffer {
  const payload = entries.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 0xff]), uint32(value)]));
  return frame(FRAME.settings, 0, 0, Buffer.concat(payload));
}

export const SETTINGS_ACK = frame(FRAME.settings, FLAG.ack, 0);
/** What a client says first. */
export const HELLO = Buffer.concat([PREFACE, settings()]);

export const windowUpdate = (id: number, bytes: number) => frame(FRAME.windowUpdate, 0, id, uint32(bytes));
export const reset = (id: number, code = 8) => frame(FRAME.rstStream, 0, id, uint32(code));
export const ping = (payload = '12345678', flags = 0) => frame(FRAME.ping, flags, 0, payload);
export const data = (id: number, payload: Buffer | string, flags = 0) => frame(FRAME.data, flags, id, payload);
export const block = (id: number, bytes: Buffer, flags: number = FLAG.endHeaders) =>
  frame(FRAME.headers, flags, id, bytes);

/** A call of the external processor; others by what differs. `null` leaves a header out. */
export function requestList(changes: Readonly<Record<string, string | null>> = {}): Header[] {
  const fields: Record<string, string | null> = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': METHODS.process,
    ':authority': 'sluice',
    te: 'trailers',
    'content-type': 'application/grpc',
    'x-sluice-role': 'admission',
    ...changes,
  };
  return Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

export function open(id: number, changes?: Readonly<Record<string, string | null>>, flags: number = 0): Buffer {
  return block(id, encodeHeaders(requestList(changes)), FLAG.endHeaders | flags);
}

/** A gRPC message with its prefix. */
export function message(bytes: Buffer, flag = 0): Buffer {
  return Buffer.concat([Buffer.from([flag]), uint32(bytes.length), bytes]);
}
