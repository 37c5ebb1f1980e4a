// The way from a terminal to a running sidecar: its HTTP interface, over TCP or a Unix socket, and nothing else.

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { parseAddress } from '../server/address.js';

/** What went wrong, in words for whoever typed the command. */
export class CliError extends Error {}

/** A sidecar on the same machine answers at once, or is in trouble. */
const ANSWER_TIMEOUT_MS = 5000;

/** Resolves at the answer's headers. `signal` ends it, then and later. @throws CliError where nobody answers. */
export function open(address: string, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
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
      reject(new CliError(`nobody answers at ${address} (${error.message}): is Sluice running, and --http right?`));
    });
    outgoing.end();
  });
}

/** The answer as JSON. @throws CliError with Sluice's own words where it is not 200. */
export async function getJson(address: string, path: string): Promise<unknown> {
  const response = await open(address, path);
  const text = await textOf(response);
  if (response.statusCode !== 200) throw new CliError(reasonOf(text, response.statusCode));
  return parsed(text, address);
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

function parsed(text: string, address: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`what answers at ${address} is not Sluice: it sent no JSON`);
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
