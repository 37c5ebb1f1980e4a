// The other thread of apart.ts: says that it is loaded, checks one text and ends.

import { parentPort } from 'node:worker_threads';
import { LOADED, type TextToCheck } from './apart.js';
import { checkPolicy } from './load.js';

parentPort?.once('message', ({ text, fileName }: TextToCheck) => {
  parentPort?.postMessage(checkPolicy(text, fileName));
});
parentPort?.postMessage(LOADED);
