// Looks for Chromium before any test starts: what is missing is said once, not by every test.

import { chromiumBinary } from '../chromium.js';

export default async function findChromium(): Promise<void> {
  await chromiumBinary();
}
