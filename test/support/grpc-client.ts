// A gRPC client for the tests, without messages: HTTP/2, one call, and the status wherever it came.

import { connect } from 'node:http2';

export interface GrpcAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** From the headers or from the trailers; '' where there was none. */
  readonly grpcStatus: string;
  readonly grpcMessage: string;
  /** The status came in the only headers. */
  readonly trailersOnly: boolean;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const EMPTY_MESSAGE = Buffer.alloc(5);

/** @throws Error when the connection or the stream breaks before its end. */
export async function callGrpc(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<GrpcAnswer> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    return await new Promise((resolve, reject) => {
      const fixed = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
      const stream = session.request({ ...fixed, ...headers });
      let first: Record<string, string | string[] | undefined> = {};
      let last: Record<string, string | string[] | undefined> = {};
      session.once('error', reject);
      stream.once('error', reject);
      stream.once('response', (received) => {
        first = received;
      });
      stream.once('trailers', (received) => {
        last = received;
      });
      stream.once('close', () => resolve(answer(first, last)));
      stream.resume();
      stream.end(EMPTY_MESSAGE);
    });
  } finally {
    session.close();
  }
}

type Received = Readonly<Record<string, string | string[] | undefined>>;

function answer(first: Received, last: Received): GrpcAnswer {
  const both = { ...first, ...last };
  return {
    status: Number(first[':status'] ?? 0),
    grpcStatus: String(both['grpc-status'] ?? ''),
    grpcMessage: String(both['grpc-message'] ?? ''),
    trailersOnly: 'grpc-status' in first,
    headers: first,
  };
}
