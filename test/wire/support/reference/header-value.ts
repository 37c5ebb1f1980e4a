// Header values for proto-loader's objects.

const REPLACEMENT = 0x3f; // '?'
const TAB = 0x09;
const DELETE = 0x7f;

/** What Envoy accepts: a tab, and every byte from the space upwards but DEL. */
function allowed(byte: number): boolean {
  return (byte >= 0x20 && byte !== DELETE) || byte === TAB;
}

/** One byte per character, as `WireHeaders` reads them; control characters and all beyond a byte become `?`. */
export function headerBytes(value: string): Buffer {
  const bytes = Buffer.allocUnsafe(value.length);
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    bytes[index] = code <= 0xff && allowed(code) ? code : REPLACEMENT;
  }
  return bytes;
}
