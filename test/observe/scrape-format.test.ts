import { describe, expect, it } from 'vitest';
import { wantedFormat } from '../../src/observe/metrics/format.js';

/** As Prometheus of that version sends it, in turn. */
const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

describe('the format of a scrape', () => {
  it.each([
    ['Prometheus 2', PROMETHEUS_2],
    ['Prometheus 3', PROMETHEUS_3],
    ['the plain name', 'application/openmetrics-text'],
    ['version 1.0.0', 'application/openmetrics-text; version=1.0.0'],
    ['a quoted version, in capitals', 'Application/OpenMetrics-Text; Version="1.0.0"'],
    ['a charset beside', 'application/openmetrics-text; version=1.0.0; charset=utf-8'],
    ['as good as text', 'text/plain, application/openmetrics-text'],
    ['a small quality, with nothing better', 'application/openmetrics-text;q=0.1'],
  ])('is OpenMetrics for %s', (_who, accept) => {
    expect(wantedFormat(accept)).toBe('openmetrics');
  });

  it.each([
    ['nobody in particular', undefined],
    ['an empty wish', ''],
    ['curl', '*/*'],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ['text/plain', 'text/plain;version=0.0.4'],
    ['text liked better', 'application/openmetrics-text;q=0.3,text/plain;q=0.9'],
    ['anything liked better', 'application/openmetrics-text;q=0.3,*/*'],
    ['a version of OpenMetrics to come', 'application/openmetrics-text;version=2.0.0'],
    ['OpenMetrics refused', 'application/openmetrics-text;q=0'],
    ['a quality that is none', 'application/openmetrics-text;q=high'],
    ['a quality out of range', 'application/openmetrics-text;q=7'],
    ['protobuf', 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'],
    ['a longer name', 'application/openmetrics-textual'],
    ['a thousand others before it', `${'text/x,'.repeat(1000)}application/openmetrics-text`],
  ])('is the old text for %s', (_who, accept) => {
    expect(wantedFormat(accept)).toBe('text');
  });
});
