// Reads /events: the same stream that feeds the page.

import type { IncomingMessage } from 'node:http';
import { CliError, open, refusalOf } from './http.js';

export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** An event is a snapshot at most: some hundred kilobytes. */
const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

/** Two heartbeats and a bit. */
const SILENCE_MS = 35_000;

/**
 * Events as they come, until the other side ends them or the caller stops reading.
 * @throws CliError where there is no stream, or it breaks, or it is none.
 */
export async function* watch(address: string, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
  const response = await open(address, '/events', signal);
  response.setTimeout(SILENCE_MS, () => response.destroy(new Error('silence')));
  if (response.statusCode !== 200) throw await refusalOf(response);
  try {
    yield* eventsOf(response);
  } catch (error) {
    throw error instanceof CliError ? error : new CliError('the connection to Sluice broke off');
  } finally {
    response.destroy();
  }
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<ServerEvent> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    if (text.length > MAX_EVENT_LENGTH) throw new CliError('what Sluice sends is no stream of events');
    for (const block of blocks) yield parseEvent(block);
  }
}

/** Fields that are not known are left out, as the format asks. */
export function parseEvent(block: string): ServerEvent {
  let event = 'message';
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice('event: '.length);
    else if (line.startsWith('data: ')) data += line.slice('data: '.length);
  }
  try {
    return { event, data: JSON.parse(data) };
  } catch {
    throw new CliError('what Sluice sends is no stream of events');
  }
}
