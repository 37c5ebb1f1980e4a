// Protobuf bytes by hand: what a real Envoy does not send, or not yet.

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

/** A field that holds a message, a text or bytes. */
export function field(number: number, ...content: (Buffer | string)[]): Buffer {
  const value = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(value.length)]), value]);
}

/** A field that holds a number, a bool or an enum. */
export function numeric(number: number, value: number): Buffer {
  return Buffer.from([...varint(number * 8), ...varint(value)]);
}

/** A HeaderValue as ext_proc sends it. */
export function header(name: string, rawValue: Buffer | string): Buffer {
  return field(1, field(1, name), field(3, rawValue));
}

/** A ProcessingRequest with request headers; `extra` are further fields of it. */
export function requestHeaders(headers: readonly Buffer[], ...extra: Buffer[]): Buffer {
  return Buffer.concat([field(2, field(1, ...headers)), ...extra]);
}

/** The attributes of a ProcessingRequest: each is a name and a google.protobuf.Value. */
export function attributes(values: readonly (readonly [string, Buffer])[], filter = 'envoy.filters.http.ext_proc') {
  const entries = values.map(([name, value]) => field(1, field(1, name), field(2, value)));
  return field(9, field(1, filter), field(2, ...entries));
}

/** A google.protobuf.Value that is a number. */
export function double(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0x11);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

/** A google.protobuf.Value that is a text. */
export const text = (value: string) => field(3, value);
