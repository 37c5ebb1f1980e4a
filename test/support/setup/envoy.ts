// Gets Envoy once, before any worker asks for it: the download must not count against a test's time.

import { envoyBinary } from '../envoy-binary.js';

export default async function getEnvoy(): Promise<void> {
  await envoyBinary();
}
