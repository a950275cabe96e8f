// A class that is written in one place only styles nothing, and nobody says so.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

import { describe, expect, test } from 'vitest'

const SOURCES = resolve(import.meta.dirname, '..')
const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).map((file) => join(SOURCES, file))
const modules = files.filter((file) => file.endsWith('.module.css'))

function definedIn(module: string): string[] {
  const selectors = readFileSync(module, 'utf8')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\{[^{}]*\}/g, ' ')
    .replace(/@[^{]*\{/g, ' ')
    .replace(/:global\([^)]*\)/g, ' ')
  return [...new Set([...selectors.matchAll(/\.([\w-]+)/g)].map(([, name]) => name ?? ''))].sort()
}

function usedOf(module: string): string[] {
  const used = new Set<string>()
  for (const file of files.filter((file) => file.endsWith('.tsx'))) {
    const text = readFileSync(file, 'utf8')
    for (const [, name, path] of text.matchAll(/^import (\w+) from '([^']+\.module\.css)'$/gm)) {
      if (resolve(dirname(file), path ?? '') !== module) continue
      const body = text.replace(/^import .*$/gm, '')
      for (const [, one] of body.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'))) used.add(one ?? '')
    }
  }
  return [...used].sort()
}

test('there are style sheets to look at', () => expect(modules.length).toBeGreaterThan(5))

describe.each(modules)('%s', (module) => {
  test('has the classes that are used, and no other', () => expect(definedIn(module)).toEqual(usedOf(module)))
})
