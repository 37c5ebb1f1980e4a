// What Envoy makes of `mutation_rules` and `forward_rules`, name by name. A header that they drop is dropped in silence,
// so the check tries every header that Sluice needs.

import { isObject, type Json, type JsonObject } from '../document/json.js';
import { Message } from './message.js';

/** null: the expression is one that only Envoy's own engine reads, so nothing can be said. */
type Verdict = boolean | null;

/** May a header of this name be set or removed? As envoy.config.common.mutation_rules.v3.HeaderMutationRules says. */
export function mayChange(rules: Json | undefined, name: string): Verdict {
  const message = new Message(isObject(rules) ? rules : {}, []);
  const denied = matchesRegex(message.message('disallow_expression'), name);
  if (denied !== false) return denied === null ? null : false;
  const allowed = matchesRegex(message.message('allow_expression'), name);
  if (allowed !== false) return allowed;
  if (message.get('disallow_all') === true) return false;
  if (name.startsWith(':') || name === 'host') return message.get('allow_all_routing') === true;
  if (name.startsWith('x-envoy-')) return message.get('allow_envoy') === true;
  return true;
}

/** Does a header of this name reach Sluice? As ExternalProcessor's HeaderForwardingRules say. */
export function isForwarded(rules: Json | undefined, name: string): Verdict {
  const message = new Message(isObject(rules) ? rules : {}, []);
  const denied = matchesList(message.message('disallowed_headers'), name);
  if (denied !== false) return denied === null ? null : false;
  const allowed = message.message('allowed_headers');
  return allowed === null ? true : matchesList(allowed, name);
}

/** The names for which the verdict is `false`. */
export function refused(
  verdict: (rules: Json | undefined, name: string) => Verdict,
  rules: Json | undefined,
  names: readonly string[],
): string[] {
  return names.filter((name) => verdict(rules, name) === false);
}

function matchesList(list: Message | null, name: string): Verdict {
  const verdicts = (list?.messages('patterns') ?? []).map((pattern) => matches(pattern, name));
  return verdicts.includes(true) ? true : verdicts.includes(null) ? null : false;
}

function matches(pattern: Message, name: string): Verdict {
  if (typeof pattern.get('exact') === 'string') return pattern.text('exact').toLowerCase() === name;
  if (typeof pattern.get('prefix') === 'string') return name.startsWith(pattern.text('prefix').toLowerCase());
  if (typeof pattern.get('suffix') === 'string') return name.endsWith(pattern.text('suffix').toLowerCase());
  if (typeof pattern.get('contains') === 'string') return name.includes(pattern.text('contains').toLowerCase());
  return pattern.message('safe_regex') === null ? null : matchesRegex(pattern.message('safe_regex'), name);
}

function matchesRegex(matcher: Message | null, name: string): Verdict {
  if (matcher === null) return false;
  try {
    return new RegExp(`^(?:${matcher.text('regex')})$`, 'u').test(name);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The rules under which Sluice may change headers whose names match, and no others. */
export function onlyMatching(regex: string): JsonObject {
  return { disallow_all: true, allow_expression: { regex } };
}
