// Text that others choose the length of, cut to what is worth keeping. V8 makes a cut of a string a view of the whole, which
// then lives as long as the cut does: a thousand histories that each keep the start of a path of 60 KB would hold 60 MB.

/** A whole of at most this many UTF-16 code units may stay: copies of cuts of short texts would cost more than they save. */
const SHORT = 1024;

/** The first `length` UTF-16 code units, without keeping a much longer text alive. */
export function startOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const start = text.slice(0, length);
  // Joined and cut again, it is a view of a text that is one character longer than itself.
  return text.length <= SHORT ? start : ` ${start}`.slice(1);
}
