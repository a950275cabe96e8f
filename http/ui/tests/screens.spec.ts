// Pictures of every page at three widths, light and dark, for those who look: http/ui/screenshots.

import { test } from './fixtures'
import { LOOKS } from './pages'

const WIDTHS = [
  [360, 740],
  [768, 1024],
  [1440, 900],
] as const

for (const [width, height] of WIDTHS) {
  for (const colorScheme of ['light', 'dark'] as const) {
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
