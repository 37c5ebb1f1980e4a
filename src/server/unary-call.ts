// One gRPC call with one message each way, on Node's own HTTP/2: all that the command line needs to ask a running
// Sluice something, without loading a gRPC library for it.

import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { listenOptions, parseAddress } from './address.js';

/** What a caller gets in place of an answer. */
export type CallFailure =
  /** No connection, or it broke. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** Connected, and no answer before the time was over. */
  | { readonly kind: 'late' }
  /** What answers there does not speak gRPC. */
  | { readonly kind: 'not_grpc'; readonly why: string }
  | { readonly kind: 'refused'; readonly grpcStatus: number; readonly message: string };

export type CallResult = { readonly kind: 'answer'; readonly message: Buffer } | CallFailure;

/** A gRPC message is preceded by one byte of flags and four of length. */
const PREFIX_BYTES = 5;
/** An answer to what is asked here is some bytes long: a peer that sends more is none of ours. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Calls `method` (a full path) at `address` (`host:port` or `unix:/path`), in plain text.
 * @throws RangeError for an address that cannot be read. All else is in the result.
 */
export function callOnce(address: string, method: string, message: Buffer, timeoutMs: number): Promise<CallResult> {
  const where = listenOptions(parseAddress(address));
  const session = connectHttp2('http://sluice', { createConnection: () => connect(where) });
  return new Promise((resolve) => {
    let connected = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (result: CallResult) => {
      clearTimeout(timer);
      session.destroy();
      resolve(result);
    };
    const failed = (error: Error) => {
      // A stream's error wraps that of its connection.
      const { message: why } = error.cause instanceof Error ? error.cause : error;
      settle({ kind: connected ? 'not_grpc' : 'unreachable', why });
    };
    timer = setTimeout(settle, timeoutMs, { kind: 'late' });
    session.once('connect', () => {
      connected = true;
    });
    session.once('error', failed);
    ask(session, method, message, settle, failed);
  });
}

function ask(
  session: ClientHttp2Session,
  method: string,
  message: Buffer,
  settle: (result: CallResult) => void,
  failed: (error: Error) => void,
): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': method,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let head: IncomingHttpHeaders = {};
  let body: Buffer = Buffer.alloc(0);
  stream.on('response', (headers) => {
    head = headers;
  });
  stream.on('trailers', (trailers) => {
    head = { ...head, ...trailers };
  });
  stream.on('data', (chunk: Buffer) => {
    body = Buffer.concat([body, chunk]);
    if (body.length > MAX_ANSWER_BYTES) failed(new Error('it sends too much'));
  });
  stream.once('error', failed);
  stream.once('close', () => settle(resultOf(head, body)));
  stream.end(framed(message));
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function resultOf(head: IncomingHttpHeaders, body: Buffer): CallResult {
  const status = head['grpc-status'];
  if (status === undefined) return { kind: 'not_grpc', why: `HTTP status ${head[':status']}, and no grpc-status` };
  if (status === '0') return { kind: 'answer', message: body.subarray(PREFIX_BYTES) };
  return { kind: 'refused', grpcStatus: Number(status), message: String(head['grpc-message'] ?? '') };
}
