// The body of a request, as text whatever its type is called (`curl -d` names it a form), and not more of it than there is
// any use for.

import type { IncomingMessage } from 'node:http';
import { HttpError } from './errors.js';

/** Far more than any change takes. */
const MAX_BYTES = 4096;

/** @throws HttpError 413 for one that is too large, 400 for one that does not come to its end. */
export async function readBody(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) reject(tooLarge());
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('error', () => reject(new HttpError(400, 'body: the connection ended before it did')));
  });
}

function tooLarge(): HttpError {
  return new HttpError(413, `body: larger than ${MAX_BYTES} bytes`);
}
