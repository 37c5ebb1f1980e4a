// What a sidecar is started with, and what one can do with it then: apart from how it is wired.

import type { LogLevel } from './observe/log/levels.js';
import type { Policy } from './policy/resolve.js';
import type { TlsFiles } from './server/tls/material.js';
import type { TransportName } from './server/transport-names.js';
import type { StateOptions } from './state/keeper.js';

export interface AppOptions {
  /** The policy in force at the start, already checked. */
  readonly policy: Policy;
  readonly warnings: readonly string[];
  readonly policyFile: string;
  /** The file's text, to notice changes against. */
  readonly policyText: string;
  /** `host:port`, `[ipv6]:port` or `unix:/path`. */
  readonly grpc: string;
  readonly http: string;
  /** Names under which the HTTP side may be asked for, beside addresses and names that nobody can own. */
  readonly httpHosts: readonly string[];
  /** One more address, for health checks only; null: none. */
  readonly health: string | null;
  /** Of the files of Unix sockets. */
  readonly socketMode: number;
  /** Of the gRPC address; null: no TLS. */
  readonly tls: TlsFiles | null;
  /** null: nothing is kept over a restart. */
  readonly state: StateOptions | null;
  readonly transport: TransportName;
  readonly logLevel: LogLevel;
  /** Without one, the HTTP side changes nothing. */
  readonly adminToken: string | undefined;
}

export interface StopTimes {
  readonly delayMs: number;
  readonly graceMs: number;
}

export interface App {
  readonly grpc: string;
  readonly http: string;
  /** Is not ready any more, for `delayMs` goes on all the same, then takes nothing new, finishes what is open within `graceMs`, and closes everything. */
  stop(signal: string, times: StopTimes): Promise<void>;
}
