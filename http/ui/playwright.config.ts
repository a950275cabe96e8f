// The page in a real browser against a real cluster of three companies: `npm test`, after `npm run build` and a cargo build.

import { defineConfig } from '@playwright/test'

/** A machine of two busy cores starts a cluster in half a minute and may take seconds for what else takes one. */
const TEST_MS = 120_000
const STEP_MS = 20_000

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  timeout: TEST_MS,
  expect: { timeout: STEP_MS },
  // one cluster serves all tests: each has users, days and legs of its own
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    locale: 'pt-BR',
    timezoneId: 'America/Sao_Paulo',
    actionTimeout: STEP_MS,
    // tests that stand between page and node would not see what a worker asks; offline.spec.ts allows it
    serviceWorkers: 'block',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.PLAYWRIGHT_CHROMIUM ?? '/usr/bin/chromium',
      // the sandbox refuses to run as root
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
})
