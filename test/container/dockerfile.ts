// Reads a Dockerfile as far as ours goes, so that the tests hold no second list of what is in the image. What it does not
// know is an error: an instruction that a test ignores is one that nobody proves.

export interface Copy {
  /** Name of the stage it copies from; null: the build context. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

/** What fills the file system, in order. */
export type Step = { readonly kind: 'copy'; readonly copy: Copy } | { readonly kind: 'run'; readonly command: string };

export interface Stage {
  readonly image: string;
  readonly name: string | null;
  readonly workdir: string;
  readonly steps: readonly Step[];
  readonly env: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string | null;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** The command of the health check; empty: none. */
  readonly healthcheck: readonly string[];
}

type Draft = { -readonly [Key in keyof Stage]: Stage[Key] };
type Read = (stage: Draft, rest: string) => void;

/** @throws Error that names the line it cannot read. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: Draft[] = [];
  for (const line of logicalLines(text)) {
    const [instruction = '', rest = ''] = split(line);
    if (instruction === 'FROM') stages.push(newStage(rest));
    else {
      const stage = stages.at(-1);
      const read = READERS[instruction];
      if (stage === undefined || read === undefined) throw new Error(`the tests cannot read this line: ${line}`);
      read(stage, rest);
    }
  }
  return stages;
}

/** Without comments, and with continued lines joined. */
function logicalLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  return lines
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function split(line: string): [string, string] {
  const space = line.indexOf(' ');
  return [line.slice(0, space), line.slice(space + 1).trim()];
}

function newStage(rest: string): Draft {
  const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
  const [image = '', as, name] = words;
  if (as !== undefined && as !== 'AS') throw new Error(`FROM ${rest}: expected IMAGE [AS NAME]`);
  return {
    ...{ image, name: name ?? null, workdir: '/', steps: [], env: {}, args: {}, labels: {}, user: null },
    ...{ entrypoint: [], cmd: [], healthcheck: [] },
  };
}

const READERS: Readonly<Record<string, Read>> = {
  WORKDIR: (stage, rest) => {
    stage.workdir = rest;
  },
  ARG: (stage, rest) => {
    stage.args = { ...stage.args, ...pairs(rest) };
  },
  ENV: (stage, rest) => {
    stage.env = { ...stage.env, ...pairs(rest) };
  },
  LABEL: (stage, rest) => {
    stage.labels = { ...stage.labels, ...pairs(rest) };
  },
  USER: (stage, rest) => {
    stage.user = rest;
  },
  EXPOSE: () => undefined,
  RUN: (stage, rest) => {
    stage.steps = [...stage.steps, { kind: 'run', command: rest }];
  },
  COPY: (stage, rest) => {
    stage.steps = [...stage.steps, { kind: 'copy', copy: readCopy(rest) }];
  },
  ENTRYPOINT: (stage, rest) => {
    stage.entrypoint = words(rest);
  },
  CMD: (stage, rest) => {
    stage.cmd = words(rest);
  },
  HEALTHCHECK: (stage, rest) => {
    stage.healthcheck = words(rest.slice(rest.indexOf('CMD ') + 4));
  },
};

/** The form without a shell: there is none in the image. */
function words(json: string): string[] {
  const parsed: unknown = JSON.parse(json);
  if (Array.isArray(parsed) && parsed.every((word) => typeof word === 'string')) return parsed;
  throw new Error(`${json} is no list of words`);
}

function pairs(rest: string): Record<string, string> {
  const found = [...rest.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S+))/g)];
  return Object.fromEntries(found.map(([, key = '', quoted, plain]) => [key, quoted ?? plain ?? '']));
}

function readCopy(rest: string): Copy {
  const all = rest.split(/\s+/);
  const flags = all.filter((word) => word.startsWith('--'));
  const paths = all.filter((word) => !word.startsWith('--'));
  const odd = flags.find((flag) => !flag.startsWith('--from='));
  const target = paths.at(-1);
  if (odd !== undefined || target === undefined || paths.length < 2) throw new Error(`COPY ${rest}: cannot be read`);
  return { from: flags[0]?.slice('--from='.length) ?? null, sources: paths.slice(0, -1), target };
}
