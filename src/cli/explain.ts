// `sluice explain REQUEST_ID`: asks a running sidecar for one request and tells its story.

import { CliError, getJson } from './http.js';
import { isRequest } from './shape.js';
import { story, wrap } from './story.js';

const WIDTH = 100;

/** The text to print. @throws CliError where there is no such request, or no sidecar. */
export async function explain(address: string, id: string, columns = WIDTH): Promise<string> {
  const answer = await getJson(address, `/requests/${encodeURIComponent(id)}`);
  if (!isRequest(answer)) throw new CliError(`what answers at ${address} is another version of Sluice`);
  const lines = story(answer).flatMap((paragraph) => wrap(paragraph, Math.max(20, Math.min(WIDTH, columns))));
  return `${lines.join('\n')}\n`;
}
