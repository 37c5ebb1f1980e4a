// Blocks that repeat are recognised, but only where their bytes are all that they mean.

import { describe, expect, it } from 'vitest';
import { encodeHeaders } from '../../../src/server/h2/hpack/encode.js';
import { DEFAULT_TABLE_BYTES } from '../../../src/server/h2/protocol.js';
import { start } from './support/direct.js';
import { block, open, requestList } from './support/frames.js';
import { greeted } from './support/peer.js';

const WITHOUT_ROLE = encodeHeaders(requestList({ 'x-sluice-role': null }));
/** A literal that the table takes; then the youngest entry of the table. */
const remember = (role: string) =>
  Buffer.concat([Buffer.from([0x40]), encodeHeaders([['x-sluice-role', role]]).subarray(1)]);
const recall = Buffer.from([0xbe]);

describe('the same bytes', () => {
  it('mean what the table says, where there is one', async () => {
    const { server, opened } = await start({}, { headerTableBytes: DEFAULT_TABLE_BYTES });
    const peer = await greeted(server.address);
    for (const [id, last] of [
      [1, remember('gate')],
      [3, recall],
      [5, remember('judge')],
      [7, recall],
    ] as const) {
      peer.send(block(id, Buffer.concat([WITHOUT_ROLE, last])));
    }
    await peer.said();
    expect(opened).toEqual(['gate', 'gate', 'judge', 'judge']);
  });

  it('mean the same every time, where there is none, on every connection for itself', async () => {
    const { server, opened } = await start();
    for (const first of ['gate', 'judge']) {
      const peer = await greeted(server.address);
      for (const [id, role] of [
        [1, first],
        [3, 'admission'],
        [5, first],
      ] as const) {
        peer.send(open(id, { 'x-sluice-role': role }));
      }
      await peer.said();
    }
    expect(opened).toEqual(['gate', 'admission', 'gate', 'judge', 'admission', 'judge']);
  });

  it('that are refused are refused again', async () => {
    const { server, opened } = await start();
    const peer = await greeted(server.address);
    for (const id of [1, 3, 5]) peer.send(open(id, { te: 'gzip' }));
    expect([await peer.resetOf(1), await peer.resetOf(3), await peer.resetOf(5)]).toEqual([1, 1, 1]);
    expect(opened).toEqual([]);
  });
});
