// Pictures of every page for those who look: http/ui/screenshots. Two sets, or with PASSCOM_PICTURES=all three widths, light and dark.

import { env } from 'node:process'

import { test } from './fixtures'
import { LOOKS } from './pages'

const WIDTHS = [
  [360, 740],
  [768, 1024],
  [1440, 900],
] as const

/** That every page opens at the ends of what there is. */
const ALWAYS = ['360 light', '1440 dark']

for (const [width, height] of WIDTHS) {
  for (const colorScheme of ['light', 'dark'] as const) {
    if (env['PASSCOM_PICTURES'] !== 'all' && !ALWAYS.includes(`${width} ${colorScheme}`)) continue
    test(`pictures at ${width}, ${colorScheme}`, async ({ visitor: page, demo }) => {
      test.slow()
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const { name, open } of LOOKS) {
        await open(page, demo)
        await page.screenshot({ path: `screenshots/${name}-${width}-${colorScheme}.png`, animations: 'disabled' })
      }
    })
  }
}
