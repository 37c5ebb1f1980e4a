// Reads server-sent events as a browser would, one by one.

import { get, type IncomingMessage } from 'node:http';
import { eventually } from '../support/eventually.js';
import { afterTest } from './support.js';

export interface Event {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Reader {
  readonly message: IncomingMessage;
  /** Everything so far. */
  readonly text: () => string;
  readonly events: () => Event[];
  /** The n-th of that name, once it is there. */
  nth(name: string, n: number): Promise<Event>;
  closed(): boolean;
  close(): void;
}

export async function watch(url: string): Promise<Reader> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => get(url, resolve).once('error', reject));
  let text = '';
  let closed = false;
  message.setEncoding('utf8');
  message.on('data', (chunk: string) => {
    text += chunk;
  });
  message.once('close', () => {
    closed = true;
  });
  message.on('error', () => message.destroy());
  afterTest(() => message.destroy());
  const events = () => parseEvents(text);
  return {
    message,
    text: () => text,
    events,
    nth: (name, n) =>
      eventually(() => {
        const found = events().filter(({ event }) => event === name)[n];
        if (found === undefined) throw new Error(`no ${name} number ${n} in ${text.slice(0, 500)}`);
        return found;
      }),
    closed: () => closed,
    close: () => message.destroy(),
  };
}

/** Strict: every block has one event and one line of data. */
export function parseEvents(text: string): Event[] {
  const blocks = text.split('\n\n').slice(0, -1);
  return blocks.map((block) => {
    const match = /^(?:retry: \d+\n)?event: (\w+)\ndata: (.*)$/.exec(block);
    if (match === null) throw new Error(`not an event: ${block}`);
    return { event: match[1] ?? '', data: JSON.parse(match[2] ?? '') };
  });
}
