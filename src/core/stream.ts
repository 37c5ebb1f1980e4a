// The seam between transports and handlers. A transport turns what Envoy sends into `StreamEvent`s and writes
// `Instruction`s back; a handler knows neither gRPC nor protobuf, so that both can be replaced without it.

/** Headers as Envoy sent them: names in lower case, pseudo headers (`:path`) included; values one byte per character. */
export interface Headers {
  /** The first value of that name. */
  get(name: string): string | undefined;
  /** The same, as a person reads it: bytes beyond ASCII taken for UTF-8, and what is none of it for U+FFFD. */
  text(name: string): string | undefined;
  /** Every value of that name, in order. */
  all(name: string): readonly string[];
  /** Every distinct name that begins like that, in the order of appearance. */
  startingWith(prefix: string): readonly string[];
}

/** What Envoy knows about the request, by the attribute's full name (`xds.cluster_name`). Absent: not available. */
export interface Attributes {
  string(name: string): string | undefined;
  number(name: string): number | undefined;
  has(name: string): boolean;
}

export type StreamEvent =
  | { readonly kind: 'request_headers'; readonly headers: Headers; readonly attributes: Attributes }
  | { readonly kind: 'response_headers'; readonly headers: Headers; readonly attributes: Attributes }
  /** A body or trailers message. Our configurations never ask for one; it is answered so that nothing stalls. */
  | { readonly kind: 'other'; readonly phase: OtherPhase };
export type OtherPhase = 'request_body' | 'response_body' | 'request_trailers' | 'response_trailers';

/** Attempt n goes to the n-th cluster; the last one repeats. */
export type ClusterOrder = readonly string[];

export type HeaderToSet = readonly [name: string, value: string];

export interface HeaderChanges {
  /** Overwrite or add. */
  readonly set: readonly HeaderToSet[];
  /** As `set`, of headers that many requests have in common: the same array every time, so that its bytes are made once. */
  readonly common?: readonly HeaderToSet[];
  readonly remove: readonly string[];
}

export type Instruction =
  /** Let the request headers go on, changed. An order of clusters also makes Envoy choose its cluster anew. */
  | { readonly kind: 'continue_request'; readonly headers: HeaderChanges; readonly order: ClusterOrder | null }
  /** Let the response headers go on, changed. An order of clusters is for the attempts still to come. */
  | { readonly kind: 'continue_response'; readonly headers: HeaderChanges; readonly order: ClusterOrder | null }
  /** Nothing to change in a phase that has no headers of interest. */
  | { readonly kind: 'continue_other'; readonly phase: OtherPhase }
  /** The answer will come, but later: Envoy waits this much longer. Once per phase. */
  | { readonly kind: 'extend_timeout'; readonly ms: number }
  /** Answer in the upstream's place. */
  | { readonly kind: 'respond'; readonly answer: LocalAnswer };

export interface LocalAnswer {
  readonly status: number;
  readonly headers: readonly HeaderToSet[];
  readonly body: string;
  /** Becomes Envoy's RESPONSE_CODE_DETAILS. */
  readonly details: string;
  /** Set for gRPC clients: Envoy then answers 200 with this status and the body as message. */
  readonly grpcStatus: number | null;
}

export const NO_CHANGES: HeaderChanges = { set: [], remove: [] };

/** One stream of one role. Calls come in order, on one thread; after `closed` nothing more is sent. */
export interface StreamHandler {
  message(event: StreamEvent): void;
  /** The stream is over, by its end, an error or a cancel: Envoy does not tell them apart. */
  closed(): void;
}

/** Gives the transport's way to answer to a new handler. */
export type Send = (instruction: Instruction) => void;
