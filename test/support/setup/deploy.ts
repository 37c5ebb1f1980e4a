// Gets renderer, schemas, linters, validators and Node 24 before any test of deploy/ starts: what is missing is said once, and getting it
// does not count against a test's time.

import { kustomize } from '../kustomize.js';
import { node24 } from '../node24.js';
import { podMonitorCrd } from '../operator-crds.js';
import { findPythonTool } from '../python-tools.js';

export default async function getDeployTools(): Promise<void> {
  await node24();
  await kustomize();
  await podMonitorCrd();
  await findPythonTool('hadolint');
  await findPythonTool('kubernetes-validate');
}
