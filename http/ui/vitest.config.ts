// What can be told without a browser: `npm run unit`.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // the reader's own clock
    env: { TZ: 'America/Manaus' },
  },
})
