import { describe, expect, it } from 'vitest';
import { leaves } from './support/fields.js';
import { bytesOf, index } from './support/recorded.js';
import { type Codec, loadProtos } from './support/reference/protos.js';

/** The paths of messages within messages, in our definitions and in Envoy's. */
const REQUEST_MESSAGES = new Set(['2', '2.1', '2.1.1', '3', '3.1', '3.1.1', '9', '9.2', '9.2.1', '9.2.1.2']);
const LOG_MESSAGES = new Set(
  ['2', '2.1', '2.1.1', '2.1.4', '2.1.4.1', '2.1.4.4', '2.1.4.5'].concat(
    ['5', '7', '9', '13', '13.1', '13.2', '16', '22', '23'].map((field) => `2.1.1.${field}`),
  ),
);

/** Fields that real messages carry and `proto/` leaves out. */
const CUT_FROM_REQUESTS = { '11': 'protocol_config', '8': 'metadata_context' };
const CUT_FROM_LOGS = {
  '2.1.1.2': 'downstream_remote_address',
  '2.1.1.3': 'downstream_local_address',
  '2.1.1.6': 'time_to_last_rx_byte',
  '2.1.1.8': 'time_to_last_upstream_tx_byte',
  '2.1.1.10': 'time_to_last_upstream_rx_byte',
  '2.1.1.11': 'time_to_first_downstream_tx_byte',
  '2.1.1.12': 'time_to_last_downstream_tx_byte',
  '2.1.1.14': 'upstream_local_address',
  '2.1.1.17': 'metadata',
  '2.1.1.19': 'route_name',
  '2.1.1.20': 'downstream_direct_remote_address',
  '2.1.1.26': 'stream_id',
  '2.1.1.29': 'downstream_wire_bytes_sent',
  '2.1.1.30': 'downstream_wire_bytes_received',
  '2.1.1.31': 'upstream_wire_bytes_sent',
  '2.1.1.32': 'upstream_wire_bytes_received',
  '2.1.2': 'protocol_version',
  '2.1.3': 'request',
  '2.1.4.2': 'response_headers_bytes',
  '2.1.4.3': 'response_body_bytes',
  '2.1.4.7': 'upstream_header_bytes_received',
  '2.1.4.8': 'downstream_header_bytes_sent',
};

const text = (all: readonly (readonly [string, string])[]) => all.map(([path, hex]) => `${path} ${hex}`).sort();

/** The paths that decoding and encoding again loses, over all those files; every other field must be untouched. */
function lost<Message extends object>(from: (name: string) => boolean, codec: Codec<Message>, messages: Set<string>) {
  const paths = new Set<string>();
  const files = index.messages.filter((message) => from(message.from));
  for (const { file } of files) {
    const before = leaves(bytesOf(file), messages);
    const after = leaves(codec.encode(codec.decode(bytesOf(file))), messages);
    const kept = new Set(after.map(([path]) => path));
    expect(text(after), file).toEqual(text(before.filter(([path]) => kept.has(path))));
    for (const [path] of before) if (!kept.has(path)) paths.add(path);
  }
  expect(files.length).toBeGreaterThan(10);
  return [...paths].sort();
}

describe('decoding what Envoy sent and encoding it again', () => {
  it('loses of ext_proc messages only what proto/ leaves out', () => {
    const codec = loadProtos().processingRequest;
    const paths = lost((from) => from !== 'log', codec, REQUEST_MESSAGES);
    expect(paths).toEqual(Object.keys(CUT_FROM_REQUESTS).sort());
  });

  it('loses of access logs only what proto/ leaves out', () => {
    const paths = lost((from) => from === 'log', loadProtos().accessLogs, LOG_MESSAGES);
    expect(paths).toEqual(Object.keys(CUT_FROM_LOGS).sort());
  });
});
