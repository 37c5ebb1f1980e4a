// What a transport tells the outside about itself: enough to count streams, time decisions and hear of every fault.
// Called on the hot path, so implementations must be quick and must not throw.

import type { Role } from '../core/reasons.js';

/** Where a fault happened. None of them fails a request: Envoy, or the neutral answer sent instead, lets it go on. */
export type FaultPlace =
  | 'ext_proc_message' // bytes that are no message we know; the stream fails
  | 'ext_proc_handler' // a handler threw; its stream goes on with neutral answers
  | 'ext_proc_answer' // an answer could not be encoded; the stream fails
  | 'access_log_message' // bytes that are no access log; the stream fails and Envoy opens a new one
  | 'access_log_entry' // one entry could not be handled; the rest goes on
  | 'socket' // a socket whose file was removed could not be made anew; it is tried again
  | 'connection'; // the peer broke a rule of HTTP/2 or asked for too much; every stream of the connection fails

/** What was not taken at a port, because there is a limit to it. Nothing is wrong here; the one who asked goes without. */
export type PastLimit =
  | 'connection' // as many as may be are open
  | 'stream' // the same, on one connection
  | 'headers' // those of one stream, decoded, are too long
  | 'message'; // it is too long, or too many are unfinished

export interface TransportHooks {
  streamOpened(role: Role): void;
  /** Once for every `streamOpened`. */
  streamClosed(role: Role): void;
  /** A handler has taken a message: the time it worked on it, without any wait that it started. */
  decided(role: Role, seconds: number): void;
  /** A stream of the access log has ended, in whatever way: what Envoy had not sent by then is lost. */
  logEnded(): void;
  /** The file of the Unix socket was gone, and is there again. */
  socketRestored(): void;
  /** A message of the access log has come: when what its oldest entry tells of was over, milliseconds since the epoch. */
  traceArrived(endedAtMs: number): void;
  refused(what: PastLimit): void;
  fault(place: FaultPlace, error: unknown): void;
}

/** Reports what `work` throws, and throws it on: for codecs, whose failure must still end their stream. */
export function reporting<In, Out>(hooks: TransportHooks, place: FaultPlace, work: (input: In) => Out) {
  return (input: In): Out => {
    try {
      return work(input);
    } catch (error) {
      hooks.fault(place, error);
      throw error;
    }
  };
}
