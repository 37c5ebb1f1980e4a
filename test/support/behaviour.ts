// What a fake upstream does with a request. Data, so that a test reads as a list of what happens.

export type Behaviour =
  /** An ordinary answer, `delayMs` after the request was read. */
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
      readonly body: string;
      readonly delayMs: number;
    }
  /** Never answers; the connection stays open. */
  | { readonly kind: 'hang' }
  /** Resets the connection (RST) once the request was read. */
  | { readonly kind: 'reset' }
  /** Resets as soon as the request's head is there, its body unread. */
  | { readonly kind: 'reset_early' }
  /** Closes the connection (FIN) without an answer. */
  | { readonly kind: 'close' }
  /** Announces `total` body bytes, sends `after` of them and resets. */
  | { readonly kind: 'cut'; readonly after: number; readonly total: number }
  /** Sends the chunks one by one, `everyMs` apart, then ends; with `endless` it stays open instead. */
  | { readonly kind: 'stream'; readonly chunks: readonly string[]; readonly everyMs: number; readonly endless: boolean }
  /** Writes these bytes in place of HTTP and closes. */
  | { readonly kind: 'garbage'; readonly bytes: string }
  /** 200 with the request's headers as a JSON object. */
  | { readonly kind: 'echo' };

export type Answer = Partial<Omit<Extract<Behaviour, { kind: 'respond' }>, 'kind' | 'status'>>;

export function respond(status: number, answer: Answer = {}): Behaviour {
  return { kind: 'respond', status, headers: {}, body: `status ${status}`, delayMs: 0, ...answer };
}

/** Server-sent events: 200 `text/event-stream`, a chunk per event. */
export function stream(chunks: readonly string[], everyMs: number, endless = false): Behaviour {
  return { kind: 'stream', chunks, everyMs, endless };
}

export const hang: Behaviour = { kind: 'hang' };
export const reset: Behaviour = { kind: 'reset' };
export const resetEarly: Behaviour = { kind: 'reset_early' };
export const close: Behaviour = { kind: 'close' };
export const echo: Behaviour = { kind: 'echo' };
export const garbage: Behaviour = { kind: 'garbage', bytes: 'this is not HTTP\r\n\r\n' };

export function cut(after: number, total: number): Behaviour {
  return { kind: 'cut', after, total };
}

/** The n-th request gets the n-th behaviour; the last one repeats. */
export function inTurn(
  ...behaviours: readonly [Behaviour, ...Behaviour[]]
): (request: unknown, index: number) => Behaviour {
  return (_request, index) => behaviours[index] ?? behaviours[behaviours.length - 1] ?? behaviours[0];
}
