// Grafana's colours of the light theme: those that the dashboard names, and those that series get in turn.

const NAMED: Readonly<Record<string, string>> = {
  green: '#56a64b',
  blue: '#3274d9',
  yellow: '#f2cc0c',
  orange: '#ff780a',
  red: '#e02f44',
  purple: '#a352cc',
};

const IN_TURN = [
  '#56a64b',
  '#f2cc0c',
  '#3274d9',
  '#ff780a',
  '#e02f44',
  '#5195ce',
  '#a352cc',
  '#705da0',
  '#508642',
  '#cca300',
  '#447ebc',
  '#c15c17',
];

/** @throws Error for a name that is not among those the dashboard uses. */
export function colourNamed(name: string): string {
  const colour = NAMED[name];
  if (colour === undefined) throw new Error(`${JSON.stringify(name)} is no colour that is known here`);
  return colour;
}

export function colourOf(index: number): string {
  return IN_TURN[index % IN_TURN.length] ?? '#56a64b';
}
