// What every transport takes and gives, so that the rest of Sluice does not know which one runs.

import type { TraceEntry } from '../core/evidence.js';
import type { Role } from '../core/reasons.js';
import type { Send, StreamHandler } from '../core/stream.js';
import type { TransportHooks } from './hooks.js';
import type { TlsSource } from './tls/source.js';

export interface GrpcServerOptions {
  /** `host:port` (port 0: a free one), `[ipv6]:port` or `unix:/path` (a stale socket there is replaced). */
  readonly address: string;
  /** Of a Unix socket's file, created with it. Default: `DEFAULT_SOCKET_MODE`. */
  readonly socketMode?: number;
  /** With it, only clients that have a certificate of its authority are served. Default: no TLS. */
  readonly tls?: TlsSource;
  readonly openStream: (role: Role, send: Send) => StreamHandler;
  readonly traced: (entry: TraceEntry) => void;
  /** What the health service answers, until `drain`. */
  readonly serving: () => boolean;
  readonly hooks: TransportHooks;
}

export interface RunningGrpcServer {
  /** The address it is bound to, in the form `parseAddress` reads, with the real port. */
  readonly address: string;
  /** From now on the health service says so, to those who watch it as well; everything else goes on. */
  notServing(): void;
  /**
   * Accepts nothing new, lets the open ext_proc streams finish, then closes the rest; what is still open after
   * `graceMs` is cut off. Resolves when every connection is closed. Further calls give the first one's promise.
   */
  drain(graceMs: number): Promise<void>;
}

/** @throws RangeError for an address that cannot be read, Error where it is taken. */
export type StartTransport = (options: GrpcServerOptions) => Promise<RunningGrpcServer>;
