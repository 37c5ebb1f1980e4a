// Run by apart.test.ts: hands the reader of the built program one text after the other, so that each gives way to the next at
// another moment of its thread's life. Prints which of the program's files are open in the end, and what the reader gave.

import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { policyReader } from '../../dist/policy/apart.js';

const reader = policyReader();
const texts = Array.from({ length: 60 }, (_, n) => ({
  text: `# ${n}\n{}\n`,
  fileName: 'p.yaml',
}));
const reading = [];
for (const [n, text] of texts.entries()) {
  reading.push(reader.read(text));
  await sleep(4 * n);
}
const read = await Promise.all(reading);

/** Those that a thread is still closing go by themselves. */
async function leftOpen() {
  for (let tries = 0; tries < 250 && openFiles().length > 0; tries++) await sleep(20);
  return openFiles();
}

function openFiles() {
  return readdirSync('/proc/self/fd')
    .map(target)
    .filter((file) => file.endsWith('.js'));
}

function target(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return 'closed meanwhile';
  }
}

const given = read.filter((result) => result !== null);
console.log(
  JSON.stringify({ open: await leftOpen(), last: read.at(-1)?.ok, failed: given.filter(({ ok }) => !ok).length }),
);
