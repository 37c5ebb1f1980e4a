// What happens to the policy file: what people, editors and full disks do to it.

import { rename, rm, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { eventually, pause } from '../../support/eventually.js';
import type { Fault } from './fault.js';
import { ofSluice } from './fault.js';
import { POLICY } from './policy.js';

const EVERY_MS = 100;
const RELOADS = 'sluice_policy_reloads_total';
const rejected = ofSluice(RELOADS, { result: 'rejected' });
const TEXT = stringify(POLICY);

/** `spoil` does it; then the file is good again. */
function spoilt(name: string, spoil: (file: string) => Promise<void>): Fault {
  return {
    name,
    told: rejected,
    async inject(world, traffic, { requests }) {
      const before = await rejected(world);
      await spoil(world.sluice.policyFile);
      await traffic.more(requests);
      // An empty file has to stay empty for a while: that is what a writer leaves for a moment.
      await eventually(async () => {
        if ((await rejected(world)) === before) throw new Error('nothing was rejected');
      });
      await world.sluice.writePolicy(POLICY);
    },
  };
}

export const policyDeleted = spoilt('the policy file deleted', (file) => rm(file));
export const policyEmptied = spoilt('the policy file emptied', (file) => writeFile(file, ''));
export const policyHalfWritten = spoilt('the policy file half written', (file) =>
  writeFile(file, TEXT.slice(0, TEXT.indexOf('duration') + 4)),
);

export const policyReplaced: Fault = {
  name: 'the policy file replaced ten times a second',
  told: ofSluice(RELOADS, { result: 'applied' }),
  async inject({ sluice }, traffic, { replacements }) {
    for (let count = 0; count < replacements; count += 1) {
      await writeFile(`${sluice.policyFile}.new`, `# ${count}\n${TEXT}`);
      await rename(`${sluice.policyFile}.new`, sluice.policyFile);
      await pause(EVERY_MS);
    }
    await traffic.more(100);
  },
};
