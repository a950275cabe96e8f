// The page without a connection: it opens, shows what its owner has seen of their tickets, and forgets it with them.

import { expect, test } from './fixtures'
import { buy, chooseOfAccount, inDays, ONE_COMPANY, signUp } from './steps'

test.use({ serviceWorkers: 'allow' })

const DAY = inDays(5)

test('tickets that were seen are there without a connection, until their owner signs out', async ({
  visitor: page,
}) => {
  await page.goto('/')
  // the worker has taken over
  await page.evaluate(() => navigator.serviceWorker.ready)
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  const { uuid, localizador, trechos } = await buy(page, { ...ONE_COMPANY, day: DAY })
  await page.getByRole('link', { name: 'Minhas passagens' }).click()
  await expect(page.getByRole('link', { name: /Porto Alegre – São Paulo/ })).toBeVisible()

  await page.context().setOffline(true)
  await page.reload()
  await expect(page.getByText('Você está sem internet', { exact: false })).toBeVisible()
  await page.getByRole('link', { name: /Porto Alegre – São Paulo/ }).click()
  await expect(page.getByText(uuid)).toBeVisible()
  await expect(page.getByText(trechos[0]?.voo ?? '')).toBeVisible()
  expect(localizador).toMatch(/^[A-Z]{6}$/)
  // and after the session is long over
  await page.context().clearCookies()
  await page.evaluate(() => localStorage.removeItem('passcom.session'))
  await page.reload()
  await expect(page.getByText(uuid)).toBeVisible()
})

test('what one user has seen is not there for the next, also where nobody signed out', async ({ visitor: page }) => {
  await page.goto('/')
  await page.evaluate(() => navigator.serviceWorker.ready)
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  const { uuid } = await buy(page, { ...ONE_COMPANY, day: DAY })
  // a browser that was closed: the session is over, and nobody ended it
  await page.context().clearCookies()
  await page.evaluate(() => localStorage.removeItem('passcom.session'))
  await page.goto('/')
  await page.reload()
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
  await page.context().setOffline(true)
  await page.goto(`/#/passagens/${uuid}`)
  await page.reload()
  await expect(page.getByText('Você está sem internet', { exact: false })).toBeVisible()
  await expect(page.getByText(uuid)).toHaveCount(0)
})

test('nothing of who signed out is left to read', async ({ visitor: page }) => {
  await page.goto('/')
  await page.evaluate(() => navigator.serviceWorker.ready)
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true)
  const { uuid } = await buy(page, { ...ONE_COMPANY, day: DAY })
  const kept = () =>
    page.evaluate(async () => {
      const cache = await caches.open('passcom-own')
      return (await cache.keys()).map(({ url }) => new URL(url).pathname)
    })
  await expect.poll(kept).toContain(`/passagens/${uuid}`)
  const login = await page.evaluate(
    () => (JSON.parse(localStorage.getItem('passcom.session') ?? '{}') as { login: string }).login,
  )
  await chooseOfAccount(page, login, 'Sair')
  await expect(page.getByRole('button', { name: 'Entrar' }).first()).toBeVisible()
  await expect.poll(kept).toEqual([])
  expect(await page.evaluate(() => Object.values(localStorage).join())).not.toContain('Porto Alegre')
  await page.context().setOffline(true)
  await page.goto(`/#/passagens/${uuid}`)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Passagem', exact: true })).toBeVisible()
  await expect(page.getByText(uuid)).toHaveCount(0)
  await expect(page.getByText('Ana Conceição')).toHaveCount(0)
})
