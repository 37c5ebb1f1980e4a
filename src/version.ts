// The version as package.json states it: one level above, from src/ and from dist/ alike.

import { readFileSync } from 'node:fs';

export const VERSION: string = versionOf(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

function versionOf(text: string): string {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
  throw new Error('package.json has no version');
}
