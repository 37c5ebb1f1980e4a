// Looks for promtool before any test starts, and builds it where there is none: that takes minutes, and must not count
// against a test's time.

import { promtoolBinary } from '../promtool.js';

export default async function getPromtool(): Promise<void> {
  await promtoolBinary();
}
