// The way from a terminal to a running sidecar, and to the Envoy beside it: their HTTP interfaces, over TCP or a Unix
// socket, and nothing else.

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { parseAddress } from '../server/address.js';

/** What went wrong, in words for whoever typed the command. */
export class CliError extends Error {}

/** A sidecar on the same machine answers at once, or is in trouble. */
const ANSWER_TIMEOUT_MS = 5000;

/** Who is asked, in the words of an error. */
export interface Asked {
  readonly name: string;
  /** What the reader may have got wrong. */
  readonly check: string;
}

const SLUICE: Asked = { name: 'Sluice', check: 'is Sluice running, and --http right?' };

/** Resolves at the answer's headers. `signal` ends it, then and later. @throws CliError where nobody answers. */
export function open(address: string, path: string, signal?: AbortSignal, asked = SLUICE): Promise<IncomingMessage> {
  const where = target(address);
  return new Promise((resolve, reject) => {
    const outgoing: ClientRequest = request({
      ...where,
      path,
      headers: { host: 'sluice' },
      ...(signal === undefined ? {} : { signal }),
    });
    const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), ANSWER_TIMEOUT_MS);
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    // Stays: whatever breaks after the answer shows in its body as well.
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(new CliError(`nobody answers at ${address} (${error.message}): ${asked.check}`));
    });
    outgoing.end();
  });
}

/** The answer as JSON. @throws CliError with Sluice's own words where it is not 200. */
export async function getJson(address: string, path: string, asked = SLUICE): Promise<unknown> {
  return parsed(await getText(address, path, asked), address, asked);
}

/** The answer as it is. @throws CliError with the other side's own words where it is not 200. */
export async function getText(address: string, path: string, asked = SLUICE): Promise<string> {
  const response = await open(address, path, undefined, asked);
  const text = await textOf(response);
  if (response.statusCode !== 200) throw new CliError(reasonOf(text, response.statusCode));
  return text;
}

/** What an answer that is no success says. */
export async function refusalOf(response: IncomingMessage): Promise<CliError> {
  return new CliError(reasonOf(await textOf(response), response.statusCode));
}

function target(address: string): { socketPath: string } | { host: string; port: number } {
  try {
    const parsedAddress = parseAddress(address);
    return parsedAddress.kind === 'unix'
      ? { socketPath: parsedAddress.path }
      : { host: parsedAddress.host, port: parsedAddress.port };
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error));
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

function parsed(text: string, address: string, { name }: Asked): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`what answers at ${address} is not ${name}: it sent no JSON`);
  }
}

function reasonOf(text: string, status: number | undefined): string {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'error' in body) return String(body.error);
  } catch {
    // Not an answer of Sluice: its status has to do.
  }
  return `answered with ${status}`;
}
