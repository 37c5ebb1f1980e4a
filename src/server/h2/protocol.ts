// The numbers of HTTP/2 (RFC 9113), by name.

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const CODE = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;
export type Code = (typeof CODE)[keyof typeof CODE];

export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** What a client sends before its first frame. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const FRAME_HEADER_BYTES = 9;
/** Payload bytes that every peer has to take; nobody here needs more. */
export const MAX_FRAME_BYTES = 16_384;
/** A window before anybody says otherwise. */
export const DEFAULT_WINDOW = 65_535;
export const HIGHEST_WINDOW = 2 ** 31 - 1;
export const HIGHEST_STREAM = 2 ** 31 - 1;
/** Size of a peer's HPACK table before it has taken our settings. */
export const DEFAULT_TABLE_BYTES = 4_096;
