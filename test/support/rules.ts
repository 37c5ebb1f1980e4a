// deploy/prometheus/rules.yaml and its cases, parsed.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const DIRECTORY = new URL('../../deploy/prometheus/', import.meta.url);
export const RULES_FILE = fileURLToPath(new URL('rules.yaml', DIRECTORY));
/** Cases, in files of their own pace. */
export const CASE_FILES = ['rules.test.yaml', 'rules.day.test.yaml'].map((name) =>
  fileURLToPath(new URL(name, DIRECTORY)),
);
export const RUNBOOK_FILE = fileURLToPath(new URL('README.md', DIRECTORY));

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly (Alert | RecordingRule)[] }[];
}

export interface AlertCase {
  readonly eval_time: string;
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

interface CaseFile {
  readonly tests: readonly { readonly name: string; readonly alert_rule_test: readonly AlertCase[] }[];
}

async function rules(): Promise<readonly (Alert | RecordingRule)[]> {
  const file = parse(await readFile(RULES_FILE, 'utf8')) as RuleFile;
  return file.groups.flatMap((group) => group.rules);
}

export async function alerts(): Promise<readonly Alert[]> {
  return (await rules()).filter((rule): rule is Alert => 'alert' in rule);
}

export async function recordingRules(): Promise<readonly RecordingRule[]> {
  return (await rules()).filter((rule): rule is RecordingRule => 'record' in rule);
}

export async function alertCases(): Promise<readonly AlertCase[]> {
  const files = await Promise.all(CASE_FILES.map(async (path) => parse(await readFile(path, 'utf8')) as CaseFile));
  return files.flatMap(({ tests }) => tests.flatMap((test) => test.alert_rule_test));
}
