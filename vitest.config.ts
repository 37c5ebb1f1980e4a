import { defineConfig } from 'vitest/config';

const seed = 'test/support/setup/seed.ts';
const build = 'test/support/setup/build.ts';
const envoy = 'test/support/setup/envoy.ts';
const chromium = 'test/support/setup/chromium.ts';
const promtool = 'test/support/setup/promtool.ts';
const deploy = 'test/support/setup/deploy.ts';
const image = 'test/support/setup/image.ts';

// Time limits are for what hangs: a busy machine is no defect, and what has to be fast is measured in test/bench.
// Projects, so that `npx vitest run --project unit` needs neither Envoy nor Chromium nor patience.
export default defineConfig({
  test: {
    // Two Envoys, two Sluices and their upstreams keep two cores busy.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/envoy/**',
            'test/faults/**',
            'test/page/**',
            'test/promtool/**',
            'test/container/**',
            'test/kubernetes/**',
          ],
          globalSetup: [build],
          setupFiles: [seed],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'envoy',
          include: ['test/envoy/**/*.test.ts'],
          globalSetup: [build, envoy],
          testTimeout: 60_000,
          hookTimeout: 150_000,
        },
      },
      {
        // The same over the library: `npm run test:grpc-js`.
        test: {
          name: 'envoy-grpc-js',
          include: ['test/envoy/**/*.test.ts'],
          globalSetup: [build, envoy],
          testTimeout: 60_000,
          hookTimeout: 150_000,
          env: { SLUICE_TRANSPORT: 'grpc-js' },
        },
      },
      {
        // Not part of `npm test`: a minute of load, alone on the machine: `npm run test:faults`.
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: [build, envoy],
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          globalSetup: [build, envoy, chromium],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Not part of `npm test`, as promtool has to be there or to be built: `npm run test:rules`.
        test: {
          name: 'promtool',
          include: ['test/promtool/**/*.test.ts'],
          globalSetup: [build, envoy, promtool],
          testTimeout: 60_000,
          hookTimeout: 150_000,
        },
      },
      {
        // Not part of `npm test`, as it wants linters, validators and Go: `npm run test:deploy`.
        test: {
          name: 'deploy',
          include: ['test/container/**/*.test.ts', 'test/kubernetes/**/*.test.ts'],
          globalSetup: [build, envoy, deploy, image],
          testTimeout: 150_000,
          hookTimeout: 150_000,
        },
      },
    ],
  },
});
