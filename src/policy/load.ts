// From text to a policy in force, or to the list of everything that is wrong with it. All or nothing: a file with
// one mistake changes nothing, and nobody has to fix mistakes one attempt at a time.

import { withoutBroken } from './broken.js';
import { applyCeilings } from './ceilings.js';
import { crossChecks } from './checks.js';
import { type PolicyFile, policyFile } from './file-schema.js';
import { findingsOf } from './issues.js';
import { type Finding, formatPath, formatProblem, type PolicyProblem } from './problems.js';
import { MAX_POLICY_BYTES, readPolicyText, tooLarge } from './read.js';
import { type CheckResult, type LoadResult, toPolicy, unfit } from './result.js';
import { toPlaces } from './to-places.js';
import { type Located, readYaml, type YamlText } from './yaml.js';

/** Reads and checks a policy file. Never throws; a file that cannot be read is a problem like any other. */
export async function loadPolicy(path: string): Promise<LoadResult> {
  const read = await readPolicyText(path);
  return read.ok ? parsePolicy(read.text, path) : unfit(path, read.message);
}

/**
 * Checks the text of a policy file. Never throws.
 * @param fileName as it is to appear in messages
 */
export function parsePolicy(text: string, fileName: string): LoadResult {
  return toPolicy(checkPolicy(text, fileName), text);
}

/** The larger part of `parsePolicy`: all that takes time. */
export function checkPolicy(text: string, fileName: string): CheckResult {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_POLICY_BYTES) return unfit(fileName, tooLarge(bytes));
  const yaml = readYaml(text);
  const { file, findings } = yaml.fatal ? { file: null, findings: [] } : check(yaml.value);
  const problems = [
    ...yaml.problems.map((problem) => ({ ...problem, path: formatPath(problem.path) })),
    ...locate(yaml, findings),
  ];
  if (file === null || problems.length > 0) return { ok: false, problems: inOrder(problems, fileName) };
  const { places, warnings } = applyCeilings(toPlaces(file));
  const lines = inOrder(locate(yaml, warnings), fileName).map(formatProblem);
  return { ok: true, places, warnings: lines };
}

/** The file as far as it could be understood, and everything that is wrong with it. */
function check(value: unknown): { readonly file: PolicyFile | null; readonly findings: readonly Finding[] } {
  const parsed = policyFile.safeParse(value);
  if (parsed.success) return { file: parsed.data, findings: crossChecks(toPlaces(parsed.data), () => false) };
  const findings = findingsOf(parsed.error, policyFile);
  const rest = withoutBroken(value, policyFile, findings);
  if (rest.data === null) return { file: null, findings };
  return { file: rest.data, findings: [...findings, ...crossChecks(toPlaces(rest.data), rest.isBroken)] };
}

type Placed = Omit<PolicyProblem, 'file'>;

function locate(yaml: YamlText, findings: readonly Finding[]): Placed[] {
  return findings.map((finding) => {
    const { line, column } = yaml.position(offsetOf(yaml.root, finding));
    return { line, column, path: formatPath(finding.path), message: finding.message };
  });
}

/** Of the value, or of the nearest thing around it that is in the text: for a missing value, the key it belongs to. */
function offsetOf(root: Located, { path, atKey }: Finding): number {
  let at = root;
  let keyOffset = root.offset;
  for (const part of path) {
    const next = at.parts?.get(part);
    if (next === undefined) return keyOffset;
    keyOffset = next.keyOffset;
    at = next.value;
  }
  return atKey === true ? keyOffset : at.offset;
}

function inOrder(problems: readonly Placed[], file: string): PolicyProblem[] {
  const sorted = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  return sorted.map((problem) => ({ file, ...problem }));
}
