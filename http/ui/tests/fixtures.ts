// What every test has: the cluster, and pages that may neither complain nor call other hosts.

import { test as base, expect, type Page } from '@playwright/test'

import { Demo } from './demo'

interface Fixtures {
  /** The page of a visitor, at the first company's node. */
  visitor: Page
  /** One more visitor, in a browser of their own. */
  newVisitor: () => Promise<Page>
}

/** What the browser writes for each refusal of the server; the tests look at what the page makes of it. */
const SERVER_REFUSED = /^Failed to load resource/

export const test = base.extend<Fixtures, { demo: Demo }>({
  demo: [
    async ({}, use, info) => {
      const demo = await Demo.start(info.parallelIndex)
      await use(demo)
      await demo.stop()
    },
    { scope: 'worker', timeout: 360_000 },
  ],

  // PASSCOM_PAGE: a page that somebody else serves in front of this cluster, as `npm run dev` does
  baseURL: async ({ demo }, use) => use(process.env.PASSCOM_PAGE ?? (await demo.base('a'))),

  newVisitor: async ({ browser, baseURL, contextOptions }, use) => {
    const complaints: string[] = []
    const contexts: Array<{ close: () => Promise<void> }> = []
    await use(async () => {
      const context = await browser.newContext({ ...contextOptions, ...(baseURL && { baseURL }) })
      contexts.push(context)
      const page = await context.newPage()
      watch(page, new URL(baseURL ?? '').origin, complaints)
      return page
    })
    for (const context of contexts) await context.close()
    expect(complaints).toEqual([])
  },

  visitor: async ({ newVisitor }, use) => use(await newVisitor()),
})

/** Errors of the page, violations of its policy, and requests to anybody else. */
function watch(page: Page, origin: string, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !SERVER_REFUSED.test(text)) complaints.push(text)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'blob:' && url.origin !== origin) complaints.push(`asked ${url.origin}`)
  })
}

export { expect }
