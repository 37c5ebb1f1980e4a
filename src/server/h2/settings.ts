// Settings, ours and the peer's (RFC 9113, section 6.5).

import { ConnectionError } from './errors.js';
import { uint32 } from './frame-reader.js';
import { CONNECTION_WINDOW, type Limits, STREAM_WINDOW } from './limits.js';
import type { Output } from './output.js';
import { CODE, DEFAULT_WINDOW, FRAME, HIGHEST_WINDOW, MAX_FRAME_BYTES, SETTING } from './protocol.js';

const ENTRY_BYTES = 6;
const HIGHEST_FRAME_BYTES = 2 ** 24 - 1;

/** Our settings, and a wide window for the connection as a whole. */
export function greet(output: Output, limits: Limits): void {
  const settings: readonly (readonly [id: number, value: number])[] = [
    // Without a table Envoy's header blocks repeat byte for byte: see block-cache.ts.
    [SETTING.headerTableSize, limits.headerTableBytes],
    [SETTING.maxConcurrentStreams, limits.maxStreams],
    [SETTING.initialWindowSize, STREAM_WINDOW],
    [SETTING.maxHeaderListSize, limits.maxHeaderListBytes],
  ];
  output.frame(settings.length * ENTRY_BYTES, FRAME.settings, 0, 0);
  for (const [id, value] of settings) {
    output.uint8(id >> 8);
    output.uint8(id);
    output.uint32(value);
  }
  output.frame(4, FRAME.windowUpdate, 0, 0);
  output.uint32(CONNECTION_WINDOW - DEFAULT_WINDOW);
}

function check(id: number, value: number): void {
  if (id === SETTING.enablePush && value > 1) {
    throw new ConnectionError(CODE.protocolError, `SETTINGS_ENABLE_PUSH is ${value}`);
  }
  if (id === SETTING.initialWindowSize && value > HIGHEST_WINDOW) {
    throw new ConnectionError(CODE.flowControlError, `SETTINGS_INITIAL_WINDOW_SIZE is ${value}`);
  }
  if (id === SETTING.maxFrameSize && (value < MAX_FRAME_BYTES || value > HIGHEST_FRAME_BYTES)) {
    throw new ConnectionError(CODE.protocolError, `SETTINGS_MAX_FRAME_SIZE is ${value}`);
  }
}

/**
 * The only setting of the peer that matters to us: the initial window of its streams, null where it does not say. We
 * push nothing, open no streams, send small frames and use no table; those settings need no more than to be valid.
 * @throws ConnectionError for values that may not be.
 */
export function readInitialWindow(bytes: Buffer, start: number, end: number): number | null {
  if ((end - start) % ENTRY_BYTES !== 0) {
    throw new ConnectionError(CODE.frameSizeError, `SETTINGS of ${end - start} bytes`);
  }
  let initialWindow: number | null = null;
  for (let at = start; at < end; at += ENTRY_BYTES) {
    const id = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const value = uint32(bytes, at + 2);
    check(id, value);
    if (id === SETTING.initialWindowSize) initialWindow = value;
  }
  return initialWindow;
}
