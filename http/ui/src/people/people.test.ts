import { describe, expect, test } from 'vitest'

import { birthFault, contactOf, cpfMask, documentFault, isCpf, isPhone, passengerOf, requiredOf } from './people'

const of = (documento: string, tipo?: 'cpf' | 'passaporte' | 'rg', pais?: string) => ({
  nome: 'Ana',
  documento,
  ...(tipo && { tipo }),
  ...(pais && { pais }),
})

describe('a CPF', () => {
  test('is written with its points as it is typed', () => {
    const typed = ['1', '123', '1234', '123456', '1234567', '123456789', '1234567890', '123456789091']
    expect(typed.map(cpfMask)).toEqual([
      '1',
      '123',
      '123.4',
      '123.456',
      '123.456.7',
      '123.456.789',
      '123.456.789-0',
      '123.456.789-09',
    ])
    expect(cpfMask('a1b2')).toBe('12')
  })

  test('has digits that add up', () => {
    for (const right of ['123.456.789-09', '52998224725', ' 529.982.247-25 ']) expect(isCpf(right), right).toBe(true)
    for (const wrong of ['123.456.789-00', '111.111.111-11', '1234567890', '', 'abc.def.ghi-jk'])
      expect(isCpf(wrong), wrong).toBe(false)
  })

  test('of its hundred endings one is right', () => {
    for (let nine = 12_345_678; nine < 1e9; nine += 77_777_777) {
      const start = String(nine).padStart(9, '0')
      const right = Array.from({ length: 100 }, (_, i) => start + String(i).padStart(2, '0')).filter(isCpf)
      expect(right, start).toHaveLength(1)
    }
  })

  test('is not found wrong before it is whole', () => {
    expect(documentFault(of('123.4'), false, true)).toBeUndefined()
    expect(documentFault(of('123.4'), false)).toBe('cpfDigits')
    expect(documentFault(of('123.456.789-00'), false, true)).toBe('cpfCheck')
    expect(documentFault(of('123.456.789-09'), true)).toBeUndefined()
  })
})

test('a document is missing only where a company asks for one', () => {
  expect(documentFault(of(' '), false)).toBeUndefined()
  expect(documentFault(of(' '), true)).toBe('missing')
  expect(documentFault(of(' '), true, true)).toBeUndefined()
})

test('a passport has the form of its country', () => {
  expect(documentFault(of('fx 123456', 'passaporte'), true)).toBeUndefined()
  expect(documentFault(of('123456', 'passaporte', 'BR'), true)).toBe('brazilianPassport')
  expect(documentFault(of('C01X00T47', 'passaporte', 'DE'), true)).toBeUndefined()
  expect(documentFault(of('ABCDEF', 'passaporte', 'DE'), true)).toBe('passport')
  expect(documentFault(of('C01X00T47', 'passaporte', 'D'), true)).toBe('country')
})

test('an identity card is taken loosely', () => {
  expect(documentFault(of('12.345.678-x', 'rg'), true)).toBeUndefined()
  expect(documentFault(of('abc', 'rg'), true)).toBe('rg')
})

test('nobody is born in the future, nor before anybody who lives', () => {
  const fault = (day: string, isRequired = false) => birthFault(day, isRequired, '2026-11-27')
  expect(fault('1990-05-17')).toBeUndefined()
  expect(fault('2026-11-27')).toBeUndefined()
  expect(fault('2026-11-28')).toBe('future')
  expect(fault('1900-01-01')).toBe('tooLongAgo')
  expect(fault('1990-02-30')).toBe('noDay')
  expect(fault('')).toBeUndefined()
  expect(fault('', true)).toBe('missing')
})

test('a telephone is taken as people type it', () => {
  for (const right of [
    '(11) 91234-5678',
    '11912345678',
    '011 91234-5678',
    '+55 11 91234-5678',
    '(21) 2345-6789',
    '+351 912 345 678',
  ])
    expect(isPhone(right), right).toBe(true)
  for (const wrong of ['190', '91234-5678', '(11) 1234-5678', '+12', 'ana']) expect(isPhone(wrong), wrong).toBe(false)
})

test('what is not told is not sent', () => {
  expect(passengerOf({ nome: ' Ana ', documento: ' ' })).toEqual({ nome: 'Ana' })
  expect(passengerOf({ nome: 'Ana', documento: '123.456.789-09', nascimento: '1990-05-17' })).toEqual({
    nome: 'Ana',
    documento: { tipo: 'cpf', numero: '123.456.789-09' },
    nascimento: '1990-05-17',
  })
  expect(passengerOf(of('fx123456', 'passaporte')).documento).toEqual({
    tipo: 'passaporte',
    numero: 'fx123456',
    pais: 'BR',
  })
  expect(contactOf({ email: ' ', telefone: '' })).toBeUndefined()
  expect(contactOf({ email: 'ana@example.com', telefone: '' })).toEqual({ email: 'ana@example.com' })
})

test('a trip asks for all that its companies ask for', () => {
  const asks = (documento: boolean, nascimento: boolean) => ({ exige: { documento, nascimento } })
  expect(requiredOf([asks(true, false), asks(false, false)])).toEqual({ documento: true, nascimento: false })
  expect(requiredOf([])).toEqual({ documento: false, nascimento: false })
})
