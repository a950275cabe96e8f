import optimizeLocales from '@react-aria/optimize-locales-plugin'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Addresses that a node answers; everything else is the page's. */
const ENDPOINTS =
  '^/(aeroportos|rotas|precos|companhias|trechos|retencoes|reservas|passagens|bilhetes|register-all|login|renovar|sair|conta|openapi.json)'

export default defineConfig({
  plugins: [
    react(),
    // React Aria speaks thirty languages, the page two
    optimizeLocales.vite({ locales: ['pt-BR', 'en-US'] }),
  ],
  build: {
    target: 'es2022',
    // a data: address would need a hole in the content security policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside a node: PASSCOM_NODE=http://127.0.0.1:8081
  server: {
    proxy: { [ENDPOINTS]: process.env.PASSCOM_NODE ?? 'http://127.0.0.1:8081' },
  },
})
