// Two formats for one scrape: the old text, which everything reads, and OpenMetrics, which can carry exemplars. Whoever
// scrapes says by its Accept header what it takes.

export const SCRAPE_FORMATS = ['text', 'openmetrics'] as const;
export type ScrapeFormat = (typeof SCRAPE_FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<ScrapeFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

const OPENMETRICS = 'application/openmetrics-text';
/** Those that the text of version 1.0.0 is valid for; '' for none named. */
const OPENMETRICS_VERSIONS: ReadonlySet<string> = new Set(['', '1.0.0', '0.0.1']);
const TEXT_RANGES: ReadonlySet<string> = new Set(['text/plain', 'text/*', '*/*']);
/** No scraper lists this many; more is not read. */
const MAX_RANGES = 20;

/** OpenMetrics where it is asked for by name and nothing else that we have is liked better. Whatever else: the text. */
export function wantedFormat(accept: string | undefined): ScrapeFormat {
  let openmetrics = 0;
  let text = 0;
  for (const range of (accept ?? '').split(',', MAX_RANGES)) {
    const { type, version, quality } = parseRange(range);
    if (type === OPENMETRICS && OPENMETRICS_VERSIONS.has(version)) openmetrics = Math.max(openmetrics, quality);
    else if (TEXT_RANGES.has(type)) text = Math.max(text, quality);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

interface Range {
  readonly type: string;
  readonly version: string;
  /** 0 to 1; 0: not wanted. */
  readonly quality: number;
}

function parseRange(range: string): Range {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const value = (name: string) =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  const quality = Number(value('q') ?? 1);
  return {
    type,
    version: (value('version') ?? '').replaceAll('"', ''),
    quality: quality >= 0 && quality <= 1 ? quality : 0,
  };
}
