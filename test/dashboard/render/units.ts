// Figures in the units of the dashboard, in the way that Grafana writes them: scaled, and with few digits.

type Scale = readonly (readonly [from: number, divisor: number, suffix: string])[];

const PLAIN: Scale = [
  [1e6, 1e6, ' Mil'],
  [1e3, 1e3, ' K'],
  [0, 1, ''],
];

const SCALES: Readonly<Record<string, Scale>> = {
  short: PLAIN,
  none: PLAIN,
  reqps: [
    [1e3, 1e3, 'K req/s'],
    [0, 1, ' req/s'],
  ],
  cps: [
    [1e3, 1e3, 'K c/s'],
    [0, 1, ' c/s'],
  ],
  percentunit: [[0, 0.01, '%']],
  s: [
    [86_400, 86_400, ' day'],
    [3_600, 3_600, ' hour'],
    [60, 60, ' min'],
    [1, 1, ' s'],
    [1e-3, 1e-3, ' ms'],
    [0, 1e-6, ' µs'],
  ],
  bytes: [
    [2 ** 30, 2 ** 30, ' GiB'],
    [2 ** 20, 2 ** 20, ' MiB'],
    [2 ** 10, 2 ** 10, ' KiB'],
    [0, 1, ' B'],
  ],
};

/** @throws Error for a unit that is not among those the dashboard uses: a typing mistake would show as a bare number. */
export function inUnit(value: number, unit: string): string {
  const scale = SCALES[unit];
  if (scale === undefined) throw new Error(`${JSON.stringify(unit)} is no unit that is known here`);
  if (value === 0) return `0${(scale.find(([, divisor]) => divisor === 1) ?? scale.at(-1) ?? ['', '', ''])[2]}`;
  const [, divisor, suffix] = scale.find(([from]) => Math.abs(value) >= from) ?? [0, 1, ''];
  return `${digits(value / divisor)}${suffix}`;
}

/** Three that say something, no zeros at the end. */
function digits(value: number): string {
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.01))));
  return String(Number(value.toFixed(Math.min(places, 3))));
}
