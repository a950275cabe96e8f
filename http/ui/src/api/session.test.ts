import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const NOW = Date.parse('2026-05-01T12:00:00Z')

/** What all tabs of a browser have in common, which tells the others what one of them keeps. */
let kept: Map<string, string>
let tabs: Array<{ listener?: (event: { key: string }) => void }>
let asked: Array<{ path: string; said: string | null; from: number }>
let answers: Record<string, () => Response | Promise<Response>>

const session = (expires_in = 900) => Response.json({ user_uuid: 'u', expires_in })
const refused = () => Response.json({ type: '/problems/invalid-token', message: 'x' }, { status: 401 })

/** A tab that is opened now: the page's modules of its own, over the browser's storage. */
async function openTab() {
  vi.resetModules()
  const tab: (typeof tabs)[number] = {}
  const number = tabs.push(tab)
  vi.stubGlobal('window', {
    addEventListener: (_: string, listener: (event: { key: string }) => void) => (tab.listener = listener),
    localStorage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => {
        kept.set(key, value)
        for (const other of tabs) if (other !== tab) other.listener?.({ key })
      },
    },
  })
  const mine = globalThis.window
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url)
    asked.push({ path: pathname, said: request.headers.get('x-sessao'), from: number })
    return (await answers[pathname]?.()) ?? session()
  })
  const page = {
    session: await import('./session'),
    renewal: await import('./renewal'),
    client: await import('./client'),
  }
  // the modules of this tab have its storage, also when another one was opened since
  const within =
    <A extends unknown[], R>(work: (...args: A) => R) =>
    (...args: A): R => {
      vi.stubGlobal('window', mine)
      return work(...args)
    }
  return {
    begin: within((expires_in?: number) =>
      page.session.begin('ana', { user_uuid: 'u', expires_in: expires_in ?? 900 }),
    ),
    id: within(page.session.id),
    isIn: within(page.session.isIn),
    end: within(page.session.end),
    leave: within(page.session.leave),
    owes: within(page.session.owes),
    due: within(page.session.due),
    onLeft: within(page.session.onLeft),
    noticeEnd: within(page.client.noticeEnd),
    ask: within(() => page.client.answer(page.client.client.GET('/conta'))),
    logIn: within(() =>
      page.client.answer(page.client.client.POST('/login', { body: { login: 'ana', password: 'x' } })),
    ),
    resetPassword: within(() => {
      const body = { login: 'ana', codigo: '12345678', new_password: 'another one' }
      return page.client.answer(page.client.client.POST('/conta/senha/nova', { body }))
    }),
    renewIfDue: within(page.renewal.renewIfDue),
    tellLeft: within(page.renewal.tellLeft),
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  vi.stubGlobal('location', { href: 'http://node/' })
  kept = new Map()
  tabs = []
  asked = []
  answers = {}
  // openapi-fetch asks for addresses within the page
  const Whole = Request
  vi.stubGlobal(
    'Request',
    class extends Whole {
      constructor(input: string | URL | Request, init?: RequestInit) {
        super(typeof input === 'string' ? new URL(input, 'http://node/') : input, init)
      }
    },
  )
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

test('a token is renewed when six tenths of its life are over', async () => {
  const tab = await openTab()
  tab.begin(100)
  pass(59)
  expect(tab.due()).toBeUndefined()
  pass(1)
  expect(tab.due()).toMatchObject({ login: 'ana' })
  answers['/renovar'] = () => session(200)
  await tab.renewIfDue()
  expect(tab.due()).toBeUndefined()
  pass(119)
  expect(tab.due()).toBeUndefined()
})

test('no token is kept where a script could read it, and every request says where it is', async () => {
  const tab = await openTab()
  answers['/login'] = () => Response.json({ user_uuid: 'u', expires_in: 900, access_token: 'secret' })
  await tab.logIn()
  tab.begin()
  await tab.ask()
  expect([...kept.values()].join()).not.toContain('secret')
  expect(asked.map(({ said }) => said)).toEqual(['cookie', 'cookie'])
})

test('a session ends with the refusal of its own token only', async () => {
  const tab = await openTab()
  tab.begin()
  const old = tab.id()
  tab.begin()
  tab.noticeEnd(old, new Response(null, { status: 401 }))
  tab.noticeEnd(undefined, new Response(null, { status: 401 }))
  tab.noticeEnd(tab.id(), new Response(null, { status: 403 }))
  expect(tab.isIn()).toBe(true)
  answers['/conta'] = refused
  await expect(tab.ask()).rejects.toMatchObject({ slug: 'invalid-token' })
  expect(tab.isIn()).toBe(false)
})

test('a wrong password or code says nothing of the session', async () => {
  const tab = await openTab()
  tab.begin()
  answers['/login'] = refused
  await expect(tab.logIn()).rejects.toBeDefined()
  answers['/conta/senha/nova'] = refused
  await expect(tab.resetPassword()).rejects.toBeDefined()
  expect(tab.isIn()).toBe(true)
})

test('what one tab does of the session is so in every other', async () => {
  const [one, other] = [await openTab(), await openTab()]
  const left = vi.fn()
  one.onLeft(left)
  other.begin()
  expect(one.id()).toBe(other.id())
  expect((await openTab()).isIn()).toBe(true)
  other.end(other.id() ?? '')
  expect(one.isIn()).toBe(false)
  expect(left).not.toHaveBeenCalled()
  one.begin()
  other.leave()
  expect(one.isIn()).toBe(false)
  expect(left).toHaveBeenCalledTimes(1)
})

test('the refusal of a token that another tab has replaced ends nothing', async () => {
  const [one, other] = [await openTab(), await openTab()]
  one.begin()
  const old = one.id()
  // the event of the storage comes later than the answer
  delete tabs[0]?.listener
  other.begin()
  one.noticeEnd(old, new Response(null, { status: 401 }))
  expect([one.isIn(), other.isIn()]).toEqual([true, true])
  expect(one.id()).toBe(other.id())
})

test('one of two tabs renews, and the other finds it done', async () => {
  const [one, other] = [await openTab(), await openTab()]
  one.begin(100)
  pass(70)
  await one.renewIfDue()
  await other.renewIfDue()
  expect(asked.filter(({ path }) => path === '/renovar')).toHaveLength(1)
})

test('who leaves while the token is renewed stays away', async () => {
  const [one, other] = [await openTab(), await openTab()]
  one.begin(100)
  pass(70)
  answers['/renovar'] = () => {
    other.leave()
    return session()
  }
  await one.renewIfDue()
  expect(one.isIn()).toBe(false)
  expect(asked.at(-1)).toMatchObject({ path: '/sair', from: 2 })
})

test('that somebody left is told until the server knows', async () => {
  const tab = await openTab()
  tab.begin()
  tab.leave()
  answers['/sair'] = () => Promise.reject(new TypeError('no network'))
  await tab.tellLeft()
  expect(tab.owes()).toBe(true)
  delete answers['/sair']
  await tab.tellLeft()
  expect([tab.owes(), tab.isIn()]).toEqual([false, false])
  // nor is anybody signed out who signed in meanwhile
  tab.begin()
  answers['/sair'] = () => session()
  expect(tab.owes()).toBe(false)
})

test('a session of a browser that was closed for long is none', async () => {
  const tab = await openTab()
  tab.begin()
  pass(901)
  expect((await openTab()).isIn()).toBe(false)
})
