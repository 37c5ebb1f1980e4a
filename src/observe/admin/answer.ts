// What a handler gives back is a value, not a half-written response: whatever fails before it is sent can still become an
// error with a status of its own.

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

export interface Answer {
  /** Default: 200. */
  readonly status?: number;
  /** Beside those of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly content: Content;
}

export type Content =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'whole'; readonly type: string; readonly bytes: string | Buffer }
  /** Made while it is sent. */
  | { readonly kind: 'pieces'; readonly type: string; readonly pieces: AsyncIterable<string> }
  /** The response is somebody else's from then on, who also sees to its end. */
  | { readonly kind: 'taken'; readonly take: (response: ServerResponse) => void };

export const JSON_TYPE = 'application/json; charset=utf-8';

export function json(value: unknown, status = 200): Answer {
  return { status, content: { kind: 'json', value } };
}

/**
 * Resolves when all of it is handed over, or nobody wants it any more.
 * @throws Error where it cannot be made; nothing is sent by then, but for the pieces before a broken one.
 */
export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  const { content } = answer;
  switch (content.kind) {
    case 'json':
      return sendWhole(response, answer, JSON_TYPE, JSON.stringify(content.value, plain));
    case 'whole':
      return sendWhole(response, answer, content.type, content.bytes);
    case 'pieces':
      return sendPieces(begin(response, answer, content.type), content.pieces);
    case 'taken':
      content.take(response);
  }
}

function begin(response: ServerResponse, { status = 200, headers = {} }: Answer, type: string): ServerResponse {
  response.statusCode = status;
  response.setHeader('content-type', type);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  return response;
}

function sendWhole(response: ServerResponse, answer: Answer, type: string, bytes: string | Buffer): void {
  // Node says it of a body, and HEAD has none.
  const length = Buffer.byteLength(bytes);
  begin(response, answer, type).setHeader('content-length', length).end(bytes);
}

async function sendPieces(response: ServerResponse, pieces: AsyncIterable<string>): Promise<void> {
  // None of them would be sent.
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await pipeline(pieces, response);
  } catch (error) {
    if (!hasLeft(error)) throw error;
  }
}

/** Whoever goes away in the middle of an answer is in its right. */
function hasLeft(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** The policy holds sets and maps, which JSON alone would show as empty. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
}
