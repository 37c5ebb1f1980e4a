// Numbers in headers and tags, which clients and upstreams write as they please. `Number` takes `0x10`, `1e3`, blanks and
// nothing at all for numbers; whoever trusts it lets them say one thing to Envoy and another to Sluice.

const ZERO = 0x30;
const NINE = 0x39;

/** Digits only, one to nine of them, so that no sum overflows; null for everything else. */
export function wholeNumber(text: string | undefined): number | null {
  if (text === undefined || text.length === 0 || text.length > 9) return null;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < ZERO || code > NINE) return null;
    value = value * 10 + code - ZERO;
  }
  return value;
}
