import { expect, test } from 'vitest'

import { spoken } from './language'

test.each([
  [['pt-BR', 'en'], 'pt-BR'],
  [['pt-PT'], 'pt-BR'],
  [['en-US', 'pt-BR'], 'en'],
  [['de-DE', 'en-GB', 'pt'], 'en'],
  [['es-AR'], 'pt-BR'],
  [[], 'pt-BR'],
])('who wants %j reads %s', (wanted, language) => expect(spoken(wanted)).toBe(language))
