// Gets the linters, validators and Node 24 before any test of deploy/ starts: what is missing is said once, and getting it
// does not count against a test's time.

import { node24 } from '../node24.js';
import { findPythonTool } from '../python-tools.js';

export default async function getDeployTools(): Promise<void> {
  await node24();
  await findPythonTool('hadolint');
  await findPythonTool('kubernetes-validate');
}
