// Where the page begins.

import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { forgetWhoLeft } from './account/leaving'
import { queries } from './api/queries'
import { keepRenewing } from './api/renewal'
import { App } from './app/App'
import { Boundary } from './app/Boundary'
import * as theme from './app/theme'
import { learn } from './i18n'
import * as language from './i18n/language'
import { keepForOffline } from './offline/own'
import './styles/global.css'

theme.apply()
language.apply()
keepRenewing()
forgetWhoLeft()
keepForOffline()
// sentences of the node stand on the page too: what was asked for in the other language is asked for again
language.onChosen(() => void queries.invalidateQueries())

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
const draw = () =>
  createRoot(root).render(
    <StrictMode>
      <Boundary>
        <QueryClientProvider client={queries}>
          <App />
        </QueryClientProvider>
      </Boundary>
    </StrictMode>,
  )
// where its sentences do not come, the page is in Portuguese
void learn().then(draw, draw)
