// Every page in a state worth looking at, for those who check all of them.

import { expect, type Page } from '@playwright/test'

import type { Demo } from './demo'
import {
  holdAsNewCustomer,
  inDays,
  namePassengers,
  ONE_COMPANY,
  searchAddress,
  takeBestSeats,
  later,
  takeTrip,
  THREE_COMPANIES,
  ticketOf,
  untilTold,
} from './steps'

interface Look {
  name: string
  /**
   * Suggestions stand open: React Aria hides everything else from assistive technology, and closes them when the focus leaves
   * the field, so that nothing hidden is ever reached.
   */
  hidesTheRest?: true
  /** Leads from the page before to this one. */
  open: (page: Page, demo: Demo) => Promise<void>
}

const ready = (page: Page, text: string | RegExp) => expect(page.getByText(text).first()).toBeVisible()

/** A flight can be changed once: each time that all are looked at another day, with days after it on which others are on sale. */
const LOOK_DAYS = [6, 7, 8, 9, 10, 11, 12, 4]
let looks = 0

/** In the order of a journey: later ones need what the earlier ones did. */
export const LOOKS: Look[] = [
  {
    name: 'home',
    open: async (page) => {
      await page.goto('/')
      await ready(page, /aeroportos/)
      await expect(page.getByRole('button', { name: /^Calendário/ })).toBeVisible()
    },
  },
  {
    name: 'suggestions',
    hidesTheRest: true,
    open: async (page) => {
      await page.getByRole('combobox', { name: 'Origem' }).fill('sao')
      await expect(page.getByRole('option').first()).toBeVisible()
    },
  },
  {
    name: 'calendar',
    open: async (page) => {
      // from another page: a field that is being typed in opens its suggestions again
      await page.goto('/#/situacao')
      await page.goto(searchAddress(THREE_COMPANIES))
      await ready(page, 'Escolher assentos')
      // on a small screen the form is folded
      const change = page.getByRole('button', { name: 'Alterar', exact: true })
      if (await change.isVisible()) await change.click()
      await page.getByRole('button', { name: /^Calendário/ }).click()
      await expect(page.getByRole('grid')).toBeVisible()
    },
  },
  {
    name: 'results',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await page.goto(searchAddress({ ...THREE_COMPANIES, passengers: 2 }))
      await ready(page, 'Escolher assentos')
    },
  },
  {
    name: 'there-and-back',
    open: async (page) => {
      await page.goto(searchAddress({ ...THREE_COMPANIES, day: inDays(2), back: inDays(6) }))
      await page.getByRole('button', { name: 'Escolher ida' }).first().click()
      await page.getByRole('button', { name: 'Escolher volta' }).first().click()
      await ready(page, /Ida R\$.* \+ Volta R\$/)
    },
  },
  {
    name: 'filters',
    open: async (page) => {
      await page.getByRole('button', { name: 'Filtros' }).first().click()
      await page
        .getByRole('dialog')
        .getByText(/^Manhã/)
        .first()
        .click()
      await expect(page.getByRole('button', { name: 'Limpar filtros' })).toBeVisible()
    },
  },
  {
    name: 'another-city',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await page.goto('/')
      await page.getByText('Volta de outra cidade').click()
      await expect(page.getByRole('combobox', { name: 'Volta de' })).toBeVisible()
      await expect(page.getByRole('button', { name: /^Calendário/ })).toHaveCount(2)
    },
  },
  {
    name: 'nothing',
    open: async (page) => {
      await page.goto(searchAddress({ ...THREE_COMPANIES, day: inDays(20), passengers: 2 }))
      await ready(page, /a partir de R\$/)
    },
  },
  {
    name: 'unknown-place',
    open: async (page) => (
      await page.goto(searchAddress({ from: 'Sao Palo', to: 'REC' })),
      ready(page, /Não conhecemos/)
    ),
  },
  {
    name: 'seats',
    open: async (page) => {
      await takeTrip(page, { ...THREE_COMPANIES, day: inDays(2), passengers: 2 })
      await takeBestSeats(page, 2)
      await namePassengers(page, ['Ana Conceição', 'João Souza'])
    },
  },
  {
    name: 'sign-in',
    open: async (page) => {
      await page.getByRole('button', { name: 'Entrar' }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
    },
  },
  {
    name: 'hold',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await holdAsNewCustomer(page)
    },
  },
  {
    name: 'release',
    open: async (page) => {
      await page.getByRole('button', { name: 'Liberar assentos' }).click()
      await ready(page, 'Liberar os assentos?')
    },
  },
  {
    name: 'running',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('link', { name: 'Situação' }).click()
      await ready(page, 'Voltar à reserva')
      await ready(page, /^No ar$/)
    },
  },
  {
    name: 'confirmed',
    open: async (page) => {
      await page.getByRole('link', { name: 'Voltar à reserva' }).click()
      await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
      await ready(page, 'Viagem confirmada')
    },
  },
  {
    name: 'ticket',
    open: async (page) => (
      await page.getByRole('link', { name: 'Ver passagem' }).click(),
      ready(page, 'Bilhete em PDF')
    ),
  },
  {
    name: 'names',
    open: async (page) => {
      await page.getByRole('button', { name: 'Corrigir nome' }).click()
      await page.getByLabel('Nome do passageiro 1').fill('Maria da Silva')
      await page.getByRole('button', { name: 'Corrigir', exact: true }).click()
      await ready(page, /^Nenhum nome foi corrigido/)
    },
  },
  {
    name: 'cancel',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Cancelar' }).click()
      await page.getByRole('button', { name: 'Ver quanto volta' }).click()
      await ready(page, 'Você recebe de volta')
    },
  },
  {
    name: 'cancelled',
    open: async (page) => {
      await page.getByRole('button', { name: 'Cancelar mesmo assim' }).click()
      await ready(page, / de volta em /)
    },
  },
  {
    name: 'changed',
    open: async (page, demo) => {
      await takeTrip(page, { ...THREE_COMPANIES, day: inDays(LOOK_DAYS[looks++ % LOOK_DAYS.length] ?? 4) })
      await takeBestSeats(page)
      await namePassengers(page, ['Ana Conceição'])
      await page.getByRole('button', { name: 'Reservar por 15 min' }).click()
      await page.getByRole('button', { name: 'Confirmar e emitir' }).click()
      await page.getByRole('link', { name: 'Ver passagem' }).click()
      const [leg] = (await ticketOf(page)).trechos
      if (!leg) throw new Error('a ticket without a leg')
      await demo.flight(leg.company, 'retime', leg.voo, leg.partida.slice(0, 10), '--departs', later(leg.partida))
      await untilTold(page, /mudou: agora sai/)
    },
  },
  {
    name: 'exchange',
    open: async (page) => {
      await page.getByRole('link', { name: 'Escolher outro voo' }).click()
      await ready(page, 'Escolher este voo')
    },
  },
  {
    name: 'exchange-review',
    open: async (page) => {
      await page.getByRole('button', { name: 'Escolher este voo' }).first().click()
      await ready(page, 'Trocar sem custo')
      await expect(page.getByRole('grid')).toBeVisible()
    },
  },
  {
    name: 'exchanged',
    open: async (page) => {
      await page.getByRole('button', { name: 'Trocar sem custo' }).click()
      await ready(page, 'Esta passagem ficou no lugar')
    },
  },
  {
    name: 'tickets',
    open: async (page) => {
      await takeTrip(page, { ...ONE_COMPANY, day: inDays(4) })
      await takeBestSeats(page)
      await namePassengers(page, ['Ana Conceição'])
      await page.getByRole('button', { name: 'Reservar por 15 min' }).click()
      await expect(page.getByRole('timer')).toBeVisible()
      await page.getByRole('link', { name: 'Minhas passagens' }).click()
      await ready(page, 'Reservas abertas')
      await ready(page, 'Confirmada')
    },
  },
  {
    name: 'password',
    open: async (page) => {
      await page.getByRole('button', { name: /^Conta de/ }).click()
      await page.getByRole('menuitem', { name: 'Trocar senha' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Trocar senha' }).click()
      await ready(page, 'De 8 a 128 caracteres.')
    },
  },
  {
    name: 'email',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: /^Conta de/ }).click()
      await page.getByRole('menuitem', { name: 'E-mail da conta' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Salvar' }).click()
      await ready(page, 'Preencha este campo.')
    },
  },
  {
    name: 'everywhere',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: /^Conta de/ }).click()
      await page.getByRole('menuitem', { name: 'Sair de todos os aparelhos' }).click()
      await expect(page.getByRole('dialog').getByLabel('Senha atual')).toBeVisible()
    },
  },
  {
    name: 'forgotten',
    open: async (page) => {
      await page.getByRole('dialog').getByRole('link', { name: 'Esqueci minha senha' }).click()
      await page.getByRole('button', { name: 'Pedir código' }).click()
      await ready(page, /^Esta companhia não envia e-mails/)
    },
  },
  {
    name: 'new-password',
    open: async (page) => {
      await page.getByRole('button', { name: 'Já tenho um código' }).click()
      await page.getByRole('button', { name: 'Criar nova senha' }).click()
      await ready(page, 'O código tem oito números.')
    },
  },
  {
    name: 'status',
    open: async (page) => {
      await page.keyboard.press('Escape')
      await page.goto('/#/situacao')
      await ready(page, /^No ar$/)
    },
  },
  {
    name: 'find',
    open: async (page) => {
      await page.goto('/#/encontrar')
      await page.getByLabel('Localizador').fill('ABCDEF')
      await page.getByLabel('Sobrenome').fill('Souza')
      await page.getByRole('button', { name: 'Encontrar', exact: true }).click()
      await ready(page, /^Não encontramos/)
    },
  },
  {
    name: 'check',
    open: async (page) => (await page.goto('/#/bilhete/nada'), ready(page, 'Este código não é de um bilhete')),
  },
  {
    name: 'docs',
    open: async (page) => {
      await page.goto('/#/docs')
      await page.getByRole('button', { name: /POST.*\/retencoes Holds/ }).click()
      await ready(page, 'Idempotency-Key')
    },
  },
  { name: 'not-found', open: async (page) => (await page.goto('/#/nada'), ready(page, 'Esta página não existe')) },
]
