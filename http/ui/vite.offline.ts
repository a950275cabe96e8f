// What makes the page installable: its manifest with the icons, and the service worker with the list of all files of this build.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import type { Plugin } from 'vite'

/** Where the sources of the worker are, and as what a browser asks for it. */
export const WORKER = resolve(import.meta.dirname, 'src/offline/worker.ts')
export const WORKER_FILE = 'sw.js'
const MANIFEST_FILE = 'manifest.webmanifest'

const ICONS = [
  { file: 'icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
  { file: 'icons/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
  { file: 'icons/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
  { file: 'icons/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
]

const ABOUT = {
  id: '/',
  name: 'PassCom',
  short_name: 'PassCom',
  description: 'Passagens de várias companhias em uma só reserva',
  lang: 'pt-BR',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#f5f3ee',
  theme_color: '#0b5c66',
  categories: ['travel'],
  shortcuts: [{ name: 'Minhas passagens', url: '/#/passagens' }],
}

export function offline(): Plugin {
  return {
    name: 'passcom-offline',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const icons = ICONS.map(({ file, ...told }) => {
          const source = readFileSync(resolve(import.meta.dirname, 'src', file))
          const name = file.split('/').pop() ?? file
          return { src: `/${this.getFileName(this.emitFile({ type: 'asset', name, source }))}`, ...told }
        })
        const manifest = JSON.stringify({ ...ABOUT, icons }, undefined, 1)
        this.emitFile({ type: 'asset', fileName: MANIFEST_FILE, source: `${manifest}\n` })
        const files = Object.keys(bundle).filter((file) => file.startsWith('assets/'))
        const shell = [...new Set([...files.map((file) => `/${file}`), ...icons.map(({ src }) => src)])].sort()
        shell.push(`/${MANIFEST_FILE}`)
        const page = bundle['index.html']
        // names change with the content, and the page names the first of them
        const version = createHash('sha256')
          .update(shell.join('\n'))
          .update(page?.type === 'asset' ? page.source : '')
          .digest('hex')
          .slice(0, 12)
        const worker = bundle[WORKER_FILE]
        if (worker?.type !== 'chunk') throw new Error(`${WORKER_FILE} was not built`)
        if (worker.imports.length > 0) throw new Error(`${WORKER_FILE} imports ${worker.imports.join(', ')}`)
        worker.code = `const SHELL=${JSON.stringify({ version, files: shell })};\n${worker.code}`
      },
    },
  }
}
