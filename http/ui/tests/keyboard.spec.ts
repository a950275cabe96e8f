// The whole journey without a mouse.

import type { Page } from '@playwright/test'

import { expect, test } from './fixtures'
import { inDays, PASSWORD } from './steps'

/** Presses Tab until what has the focus is of this role and name. */
async function tabTo(page: Page, role: string, name: RegExp): Promise<void> {
  const tried: string[] = []
  for (let press = 0; press < 60; press++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const { activeElement: element } = document
      if (!element) return { role: '', name: '' }
      const tag = { a: 'link', button: 'button', input: 'textbox' }[element.localName] ?? ''
      const labelled = (element.getAttribute('aria-labelledby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join(' ')
      return {
        role: element.getAttribute('role') ?? tag,
        name: element.getAttribute('aria-label') ?? (labelled.trim() || element.textContent || ''),
      }
    })
    if (focused.role === role && name.test(focused.name)) return
    tried.push(`${focused.role} ${focused.name}`)
  }
  throw new Error(`Tab does not lead to ${role} ${name}, only to:\n${tried.join('\n')}`)
}

async function type(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text)
}

test('everything can be done by keyboard alone', async ({ visitor: page }) => {
  await page.goto('/')
  await tabTo(page, 'combobox', /Origem/)
  await type(page, 'porto al')
  await expect(page.getByRole('option', { name: /Porto Alegre/ })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await tabTo(page, 'combobox', /Destino/)
  await type(page, 'joao')
  await expect(page.getByRole('option', { name: /João Pessoa/ })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await tabTo(page, 'spinbutton', /dia/i)
  const [year, month, day] = inDays(1).split('-')
  await type(page, `${day}${month}${year}`)
  await tabTo(page, 'button', /Buscar voos/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Escolher assentos' }).first()).toBeVisible()
  await tabTo(page, 'button', /Escolher assentos/)
  await page.keyboard.press('Enter')

  await expect(page.getByRole('heading', { name: 'Escolha os assentos' })).toBeFocused()
  const legs = await page.getByRole('tab').count()
  for (let leg = 1; leg <= legs; leg++) {
    await walkTheCabin(page)
    if (leg < legs) {
      await tabTo(page, 'button', /Próximo trecho/)
      await page.keyboard.press('Enter')
      await expect(page.getByRole('tab', { selected: true })).toBeFocused()
    }
  }
  await tabTo(page, 'textbox', /Nome completo/)
  await type(page, 'Ana Conceição')
  await tabTo(page, 'button', /Reservar por 15 min/)
  await page.keyboard.press('Enter')
  await signUpByKeyboard(page)
  await expect(page.getByRole('timer')).toBeVisible()
  await tabTo(page, 'button', /Confirmar e emitir/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Viagem confirmada' })).toBeFocused()
  await tabTo(page, 'link', /Ver passagem/)
  await page.keyboard.press('Enter')
  await expect(page.getByText('Ana Conceição').first()).toBeVisible()
})

/** One tab stop; arrows, Home and End walk; space chooses. */
async function walkTheCabin(page: Page): Promise<void> {
  await expect(page.getByRole('grid')).toBeVisible()
  await expect(page.getByRole('grid').locator('[tabindex="0"]')).toHaveCount(1)
  await tabTo(page, 'gridcell', /./)
  const focused = page.locator(':focus')
  await page.keyboard.press('Control+Home')
  await expect(focused).toHaveAttribute('aria-label', /^1A,/)
  await page.keyboard.press('ArrowRight')
  await expect(focused).toHaveAttribute('aria-label', /^1B,/)
  await page.keyboard.press('ArrowDown')
  await expect(focused).toHaveAttribute('aria-label', /^2B,/)
  await page.keyboard.press('Home')
  await expect(focused).toHaveAttribute('aria-label', /^2A,/)
  await page.keyboard.press('Control+End')
  // from the last row up to a free seat
  for (let up = 0; up < 40; up++) {
    if (/, livre$/.test((await focused.getAttribute('aria-label')) ?? '')) break
    await page.keyboard.press('ArrowUp')
  }
  await page.keyboard.press(' ')
  await expect(focused).toHaveAttribute('aria-selected', 'true')
}

async function signUpByKeyboard(page: Page): Promise<void> {
  await expect(page.getByRole('dialog')).toBeVisible()
  await tabTo(page, 'button', /^Criar conta$/)
  await page.keyboard.press('Enter')
  await tabTo(page, 'textbox', /Usuário/)
  await type(page, `teclado-${Date.now()}`)
  await tabTo(page, 'textbox', /Senha/)
  await type(page, PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeHidden()
}
