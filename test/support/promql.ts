// Which metrics and labels a PromQL expression asks for: so that a dashboard or an alert about something that nobody exports
// fails a test. Whether an expression is valid at all is for promtool to say.

export interface Asked {
  /** Metric as written -> the labels it is asked by: matchers, and grouping labels of the expression around it. */
  readonly metrics: ReadonlyMap<string, ReadonlySet<string>>;
  /** Matchers with `=` and no wildcard: metric, label, value. */
  readonly values: readonly (readonly [metric: string, label: string, value: string])[];
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[a-zA-Z_:][\w:]*|\$\w+|\d[\w.]*|[={}()[\],!~<>*/+-]|\s+|./g;
const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const OPERATORS = new Set(['and', 'or', 'unless', 'bool', 'offset']);
/** Grouping labels that come of the scrape, not of the metric. */
const OF_THE_SCRAPE = new Set(['job', 'instance']);

/** Grouping labels are taken to be meant for every metric of the expression, save those that the scrape adds. */
export function asked(expr: string): Asked {
  const tokens = (expr.match(TOKEN) ?? []).filter((token) => token.trim() !== '');
  const metrics = new Map<string, Set<string>>();
  const values: [string, string, string][] = [];
  const grouping = new Set<string>();
  let last = '';
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? '';
    if (GROUPING.has(token)) {
      if (tokens[i + 1] !== '(') continue;
      const end = tokens.indexOf(')', i);
      for (const label of tokens.slice(i + 2, end)) if (label !== ',') grouping.add(label);
      i = end;
    } else if (token === '[') {
      i = tokens.indexOf(']', i);
    } else if (token === '{') {
      const end = tokens.indexOf('}', i);
      for (const [label, operator, value] of matchers(tokens.slice(i + 1, end))) {
        metrics.get(last)?.add(label);
        for (const one of wordsOf(operator, value)) values.push([last, label, one]);
      }
      i = end;
    } else if (isMetric(token, tokens[i + 1])) {
      last = token;
      if (!metrics.has(token)) metrics.set(token, new Set());
    }
  }
  for (const labels of metrics.values()) for (const label of grouping) if (!OF_THE_SCRAPE.has(label)) labels.add(label);
  return { metrics, values };
}

function isMetric(token: string, next: string | undefined): boolean {
  return /^[a-zA-Z_:]/.test(token) && next !== '(' && !GROUPING.has(next ?? '') && !OPERATORS.has(token);
}

function* matchers(tokens: readonly string[]): Generator<readonly [label: string, operator: string, value: string]> {
  let label = '';
  let operator = '';
  for (const token of tokens) {
    if (token === ',') operator = '';
    else if (token.startsWith('"')) yield [label, operator, token.slice(1, -1)];
    else if (/^[=!~]$/.test(token)) operator += token;
    else label = token;
  }
}

/** The words that a matcher names: one, or several with `|` between; none where it is a pattern or a variable. */
function wordsOf(operator: string, value: string): string[] {
  if (value.startsWith('$') || /[.*+?^[\]()\\]/.test(value)) return [];
  return operator.endsWith('~') ? value.split('|') : [value];
}
