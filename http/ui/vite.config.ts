import optimizeLocales from '@react-aria/optimize-locales-plugin'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

import { offline, WORKER, WORKER_FILE } from './vite.offline.ts'

/** Addresses that a node answers; everything else is the page's. */
const ENDPOINTS =
  '^/(aeroportos|chaves|rotas|precos|companhias|trechos|retencoes|reservas|passagens|bilhetes|register-all|login|renovar|sair|conta|openapi.json)'

export default defineConfig({
  plugins: [
    react(),
    // React Aria speaks thirty languages, the page two
    optimizeLocales.vite({ locales: ['pt-BR', 'en-US'] }),
    offline(),
  ],
  build: {
    target: 'es2022',
    // a data: address would need a hole in the content security policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: 'index.html', worker: WORKER },
      output: { entryFileNames: ({ name }) => (name === 'worker' ? WORKER_FILE : 'assets/[name]-[hash].js') },
    },
  },
  // `npm run dev` beside a node: PASSCOM_NODE=http://127.0.0.1:8081
  server: {
    proxy: { [ENDPOINTS]: process.env.PASSCOM_NODE ?? 'http://127.0.0.1:8081' },
  },
})
