import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** unit: pure code. database: real PostgreSQL, as the application role. widgets, e2e: a real Chromium. */
export default defineConfig({
  test: {
    // One more than vitest takes of two cores: most tests wait, for PostgreSQL, a browser or a child process.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['test/support/no-network.ts'],
          include: ['test/{adapters,connector,manifest,widgets,school,repository}/**/*.test.ts'],
          exclude: ['test/**/*.{database,browser}.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'database',
          include: ['test/**/*.database.test.ts'],
          globalSetup: ['test/support/database-server.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'widgets',
          include: ['test/widgets/**/*.browser.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/database-server.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
