// The other thread of apart.ts: checks one text and ends.

import { parentPort, workerData } from 'node:worker_threads';
import type { TextToCheck } from './apart.js';
import { checkPolicy } from './load.js';

const { text, fileName } = workerData as TextToCheck;
parentPort?.postMessage(checkPolicy(text, fileName));
