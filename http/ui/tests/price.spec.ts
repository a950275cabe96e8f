// A price never changes without a word.

import { expect, test } from './fixtures'
import {
  asked,
  holdButton,
  inDays,
  namePassengers,
  pressHold,
  signUp,
  takeBestSeats,
  takeTrip,
  THREE_COMPANIES,
} from './steps'

test('a price that is another one by now is asked about, and held only if the visitor agrees', async ({
  visitor: page,
}) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Entrar' }).click()
  await signUp(page)
  await takeTrip(page, { ...THREE_COMPANIES, day: inDays(4) })
  await takeBestSeats(page)
  await namePassengers(page, ['Ana Conceição'])
  const bar = page.getByRole('region', { name: 'Próximo passo da compra' })
  const price = (await bar.locator('b').first().textContent()) ?? ''

  // as the visitor was shown it a while ago: two of the legs were cheaper by ten each
  await page.evaluate(() => {
    const choice = JSON.parse(sessionStorage.getItem('passcom.choice') ?? '') as {
      legs: Array<{ preco: { centavos: number } }>
    }
    for (const leg of choice.legs.slice(0, 2)) leg.preco.centavos -= 1000
    sessionStorage.setItem('passcom.choice', JSON.stringify(choice))
  })
  await page.reload()
  const shown = (await bar.locator('b').first().textContent()) ?? ''
  expect(shown).not.toBe(price)

  await pressHold(page)
  const said = page.getByRole('alert').filter({ hasText: 'O preço total agora é' })
  await expect(said).toContainText(`O preço total agora é ${price}, em vez de ${shown}.`)
  await expect(said.getByRole('listitem')).toHaveCount(2)
  await expect(said).toContainText('Nada foi reservado ainda.')
  await expect(holdButton(page)).toHaveCount(0)
  // who does not agree may look further: nothing is held
  expect(await asked(page, '/retencoes')).toEqual({ retencoes: [] })

  await said.getByRole('button', { name: `Reservar por ${price}` }).click()
  await expect(page.getByRole('timer')).toBeVisible()
  await expect(bar).toContainText(price)
})
