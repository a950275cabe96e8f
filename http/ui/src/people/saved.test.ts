import { expect, test } from 'vitest'

import { passengerOf } from './people'
import { travellerOf, withNewer } from './saved'

test('of two of one name the newer one is kept, and not more than the server keeps', () => {
  const person = (nome: string, documento = '') => ({ nome, documento })
  const kept = [person('Ana', '1'), person('Bia', '2')]
  expect(withNewer(kept, [person(' Ana ', '3'), person('Caio')])).toEqual([
    person(' Ana ', '3'),
    person('Caio'),
    person('Bia', '2'),
  ])
  const crowd = Array.from({ length: 30 }, (_, i) => person(`Pessoa ${i}`))
  expect(withNewer(kept, crowd)).toHaveLength(20)
})

test('who was kept is sent as they were told', () => {
  const told = {
    nome: 'Ana',
    documento: { tipo: 'passaporte', numero: 'C01X00T47', pais: 'DE' },
    nascimento: '1990-05-17',
  } as const
  expect(passengerOf(travellerOf(told))).toEqual(told)
  expect(passengerOf(travellerOf({ nome: 'Bia' }))).toEqual({ nome: 'Bia' })
})
