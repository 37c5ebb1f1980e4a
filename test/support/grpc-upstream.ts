// A controllable gRPC upstream: HTTP/2 without TLS. It reads and writes no messages; a gRPC status is all it knows, and
// where that status goes: in the only headers (trailers-only), or in trailers after a body.

import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { listenSomewhere } from './ports.js';

export type GrpcBehaviour =
  | { readonly kind: 'trailers'; readonly grpcStatus: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'trailers_only'; readonly grpcStatus: number; readonly headers: Readonly<Record<string, string>> }
  /** RST_STREAM with REFUSED_STREAM: by the rules of HTTP/2 the request was not processed. */
  | { readonly kind: 'refuse_stream' }
  | { readonly kind: 'hang' };

export interface GrpcCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly atMs: number;
}

export interface GrpcUpstream {
  readonly port: number;
  readonly calls: readonly GrpcCall[];
  /** By index of the call, counted from the last `behave`; 0 is OK. */
  behave(choose: GrpcBehaviour | ((call: GrpcCall, index: number) => GrpcBehaviour)): void;
  stop(): Promise<void>;
}

/** An answer with a body of one empty message, and the status after it. */
export function grpcStatus(status: number, headers: Readonly<Record<string, string>> = {}): GrpcBehaviour {
  return { kind: 'trailers', grpcStatus: status, headers };
}

/** The status in the answer's only headers, as servers do that fail at once. */
export function grpcTrailersOnly(status: number, headers: Readonly<Record<string, string>> = {}): GrpcBehaviour {
  return { kind: 'trailers_only', grpcStatus: status, headers };
}

const EMPTY_MESSAGE = Buffer.alloc(5);

/** Answers every call with status 0 until told otherwise. */
export async function startGrpcUpstream(): Promise<GrpcUpstream> {
  const calls: GrpcCall[] = [];
  const server = createServer();
  let choose = (_call: GrpcCall, _index: number): GrpcBehaviour => grpcStatus(0);
  let count = 0;
  server.on('stream', (stream, headers) => {
    stream.on('error', () => stream.destroy());
    stream.resume();
    const call = { path: headers[':path'] ?? '', headers, atMs: performance.now() };
    calls.push(call);
    perform(choose(call, count++), stream);
  });
  const close = closer(server);
  return {
    port: await listenSomewhere(server),
    calls,
    behave(behaviour) {
      choose = typeof behaviour === 'function' ? behaviour : () => behaviour;
      count = 0;
    },
    stop: close,
  };
}

function perform(behaviour: GrpcBehaviour, stream: ServerHttp2Stream): void {
  const headers = { ':status': 200, 'content-type': 'application/grpc' };
  switch (behaviour.kind) {
    case 'trailers':
      stream.respond({ ...headers, ...behaviour.headers }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(behaviour.grpcStatus) }));
      stream.end(EMPTY_MESSAGE);
      return;
    case 'trailers_only':
      stream.respond(
        { ...headers, ...behaviour.headers, 'grpc-status': String(behaviour.grpcStatus) },
        { endStream: true },
      );
      return;
    case 'refuse_stream':
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    case 'hang':
      return;
    default:
      behaviour satisfies never;
  }
}

function closer(server: Http2Server): () => Promise<void> {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of sessions) session.destroy();
    await closed;
  };
}
