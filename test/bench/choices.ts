// `npm run bench:choices`: what Envoy pays for what it tells Sluice at admission: the figures of the README. One Sluice, and an
// Envoy for each choice; requests with a browser's headers. The Envoys take turns, and each is compared with the one of the
// shipped envoy.yaml in the same turn: the machine's pace changes between turns. About five minutes.

import { parseArgs } from 'node:util';
import { SLUICE_PORT } from '../support/bootstrap.js';
import { type Envoy, startEnvoy } from '../support/envoy.js';
import { portOf } from '../support/ports.js';
import { startSluice } from '../support/sluice.js';
import { startConstantUpstream } from './support/constant-upstream.js';
import { median, medianRatio } from './support/statistics.js';
import { runWrk } from './support/wrk.js';
import { armsNamed } from './system/arms.js';
import { BROWSER, CHOICES, type Choice, choose, SHIPPED } from './system/choices.js';
import { CONNECTIONS, costOf, urlOf } from './system/measure.js';
import { IMAGE_ENV } from './system/running.js';
import { rewire } from './system/wiring.js';

const { values: options } = parseArgs({
  options: { turns: { type: 'string', default: '15' }, seconds: { type: 'string', default: '2' } },
});
const TURNS = Number(options.turns);
const SECONDS = Number(options.seconds);
const WARM_UP_SECONDS = 3;

interface Cost {
  readonly envoyUs: number;
  readonly requestsPerSecond: number;
}

interface Side {
  readonly choice: Choice;
  readonly envoy: Envoy;
  readonly costs: Cost[];
}

// Leaving by `exit` takes Envoys and Sluice along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const [arm] = armsNamed(['admission']);
if (arm === undefined) throw new Error('there is no arm with admission alone');
const { wiring } = arm;
const upstream = await startConstantUpstream();
const sluice = await startSluice({ policy: {}, env: IMAGE_ENV });
const sides: Side[] = [];
try {
  for (const choice of CHOICES) sides.push(await start(choice));
  for (let turn = 1; turn <= TURNS; turn += 1) {
    for (const side of sides) side.costs.push(await measure(side));
    console.error(`turn ${turn} of ${TURNS}`);
  }
  console.log(report());
} finally {
  for (const { envoy } of sides) await envoy.stop();
  await sluice.stop();
  upstream.stop();
}

async function start(choice: Choice): Promise<Side> {
  const envoy = await startEnvoy({
    ports: { [SLUICE_PORT]: portOf(sluice.grpc) },
    impatient: true,
    patch: (bootstrap) => {
      rewire(bootstrap, wiring, upstream.port);
      choose(bootstrap, choice);
    },
  });
  await runWrk(urlOf(envoy.port), WARM_UP_SECONDS, CONNECTIONS, BROWSER);
  return { choice, envoy, costs: [] };
}

async function measure({ choice, envoy }: Side): Promise<Cost> {
  const load = () => runWrk(urlOf(envoy.port), SECONDS, CONNECTIONS, BROWSER);
  const { result, cpu } = await costOf({ envoy, server: null }, load);
  if (result.failed > 0) throw new Error(`${choice.name}: ${result.failed} requests failed`);
  return { envoyUs: cpu.envoyUs, requestsPerSecond: result.requestsPerSecond };
}

function report(): string {
  const shipped = sides.find(({ choice }) => choice === SHIPPED)?.costs ?? [];
  const rows = sides.map(({ choice, costs }) => {
    const envoyUs = median(costs.map((cost) => cost.envoyUs));
    const [cpu, rate] = (['envoyUs', 'requestsPerSecond'] as const).map((figure) => {
      const of = (cost: Cost) => cost[figure];
      return medianRatio(costs.map(of), shipped.map(of)).toFixed(2);
    });
    return `| ${choice.name} | ${envoyUs.toFixed(0)} us | ${cpu} | ${rate} |`;
  });
  const head = [
    '| what Envoy tells | Envoy CPU/request | of envoy.yaml | requests/s, of envoy.yaml |',
    '| --- | ---: | ---: | ---: |',
  ];
  return [...head, ...rows, '', `Medians of ${TURNS} turns of ${SECONDS} s, each compared within its turn.`].join('\n');
}
