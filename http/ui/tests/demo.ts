// A cluster of three companies on this machine, started by `passcom demo` and stopped with the test run.

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { promisify } from 'node:util'

const PASSCOM = process.env.PASSCOM_BIN ?? resolve(import.meta.dirname, '../../../target/release/passcom')
const run = promisify(execFile)
const READY_MS = 300_000
/** Client ports start here, admin ports 1000 above; each worker has ten of its own. */
const PORT_BASE = Number(process.env.PASSCOM_TEST_PORT ?? 21_500)

/** As `GET /companhias` has them. */
type Companies = Record<string, Array<{ no_ar: boolean }>>

interface RunFile {
  companies: Array<{ company: string; http: string; pid: number }>
}

export class Demo {
  private constructor(
    private readonly process: ChildProcess,
    private readonly orders: Socket,
    private readonly answers: AsyncIterableIterator<string>,
    private readonly dir: string,
  ) {}

  static async start(worker: number): Promise<Demo> {
    const dir = await mkdtemp(join(tmpdir(), 'passcom-ui-'))
    const [orders, theirs] = await socketPair(join(dir, 'control'))
    const folder = join(dir, 'demo')
    const port = String(PORT_BASE + worker * 10)
    const process = spawn(PASSCOM, ['demo', '--dir', folder, '--http-port', port, '--control'], {
      stdio: [theirs, 'pipe', 'inherit'],
    })
    theirs.destroy()
    const answers = createInterface({ input: orders })[Symbol.asyncIterator]()
    const demo = new Demo(process, orders, answers, dir)
    if (!process.stdout) throw new Error('the demo has no output')
    await ready(process, createInterface({ input: process.stdout }))
    return demo
  }

  /** Where clients reach this company. */
  async base(company: string): Promise<string> {
    const { http } = await this.entry(company)
    return /^https?:/.test(http) ? http : `http://${http}`
  }

  /** Kills a company's node, as a power cut does, and lets it lie. */
  async kill(company: string): Promise<void> {
    await this.order(`hold node ${company}`)
    process.kill((await this.entry(company)).pid, 'SIGKILL')
  }

  /** Starts it again; it need not answer yet. */
  async revive(company: string): Promise<void> {
    await this.order(`start node ${company}`)
  }

  /** Stops a company's node where it stands, as one that hangs: its connections stay, and nothing is said. */
  async freeze(company: string): Promise<void> {
    process.kill((await this.entry(company)).pid, 'SIGSTOP')
  }

  /** It goes on; one that was not frozen does not notice. */
  async thaw(company: string): Promise<void> {
    process.kill((await this.entry(company)).pid, 'SIGCONT')
  }

  /** As an operator changes one flight of a day: `retime`, `withdraw`. */
  async flight(company: string, what: string, ...details: string[]): Promise<void> {
    const config = join(this.dir, 'demo', 'cluster.toml')
    const sure = ['--yes', '--reason', 'a test']
    await run(PASSCOM, ['flight', '--config', config, '--company', company, what, ...details, ...sure])
  }

  /** From now on this company wants to be paid first, by the provider that takes no money: every node reads that when it starts. */
  async wantPayment(company: string): Promise<void> {
    await this.configure(company, '[company.payment]\nprovider = "test"\nrequired = true')
  }

  /** From now on this company has its mail leave through the server at this port. */
  async sendMail(company: string, port: number): Promise<void> {
    const from = `Companhia ${company.toUpperCase()} <reservas@${company}.example>`
    const server = `server = "127.0.0.1"\nport = ${port}\ntls = "never"`
    await this.configure(company, `[company.mail]\n${server}\nfrom = "${from}"`)
  }

  /** Adds this table to what is configured of a company, and starts all nodes anew. */
  private async configure(company: string, table: string): Promise<void> {
    const config = join(this.dir, 'demo', 'cluster.toml')
    const [head, ...companies] = (await readFile(config, 'utf8')).split(/^(?=\[\[company\]\])/m)
    const changed = companies.map((one) =>
      one.includes(`code = "${company}"`) ? `${one.trimEnd()}\n\n${table}\n\n` : one,
    )
    await writeFile(config, [head, ...changed].join(''))
    const codes = companies.flatMap((one) => /code = "(.+)"/.exec(one)?.[1] ?? [])
    for (const code of codes) await this.kill(code)
    for (const code of codes) await this.revive(code)
    for (const code of codes) await this.untilAnswers(code)
  }

  private async untilAnswers(company: string): Promise<void> {
    const until = Date.now() + READY_MS
    for (;;) {
      const response = await fetch(`${await this.base(company)}/companhias`).catch(() => undefined)
      const seen = response?.ok && ((await response.json()) as Companies)
      const all = seen && Object.values(seen).flat()
      if (all && all.length > 0 && all.every(({ no_ar }) => no_ar)) return
      if (Date.now() > until) throw new Error(`${company} does not answer`)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }

  /** A text of this kind as that company signs it: the code of an e-ticket, as its QR code has it. */
  async sealed(company: string, kind: string, content: unknown): Promise<string> {
    const folder = join(this.dir, 'demo')
    const files = await readdir(folder, { recursive: true })
    const file = (ending: string) => {
      const found = files.find((one) => one.endsWith(`${company}.token${ending}`))
      if (!found) throw new Error(`no token key of ${company}`)
      return readFile(join(folder, found), 'utf8')
    }
    // Node reads no PKCS #8 that has the public key with it: the private one is the 32 bytes behind their length
    const der = Buffer.from((await file('.key')).replace(/-.*-|\s/g, ''), 'base64')
    const at = der.indexOf(Buffer.from([0x04, 0x22, 0x04, 0x20])) + 4
    const d = der.subarray(at, at + 32).toString('base64url')
    const jwk = createPublicKey(await file('.pem')).export({ format: 'jwk' })
    const key = createPrivateKey({ format: 'jwk', key: { ...jwk, d } })
    const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const said = `${text({ alg: 'EdDSA', typ: kind, kid: company })}.${text({ aud: kind, c: content })}`
    return `${said}.${sign(null, Buffer.from(said), key).toString('base64url')}`
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    if (this.process.exitCode === null) await once(this.process, 'exit')
    this.orders.destroy()
    await rm(this.dir, { recursive: true, force: true })
  }

  private async order(line: string): Promise<void> {
    this.orders.write(`${line}\n`)
    const answer = await this.answers.next()
    if (answer.value !== 'ok') throw new Error(`${line}: ${String(answer.value)}`)
  }

  private async entry(company: string) {
    const text = await readFile(join(this.dir, 'demo', 'cluster.json'), 'utf8')
    const found = (JSON.parse(text) as RunFile).companies.find((one) => one.company === company)
    if (!found) throw new Error(`no company ${company} in cluster.json`)
    return found
  }
}

/** The demo takes orders over the socket that is its standard input. */
async function socketPair(path: string): Promise<[ours: Socket, theirs: Socket]> {
  const server = createServer({ pauseOnConnect: true }).listen(path)
  await once(server, 'listening')
  const ours = connect(path)
  const [theirs] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [ours, theirs]
}

async function ready(process: ChildProcess, lines: Interface): Promise<void> {
  const said: string[] = []
  const late = setTimeout(() => process.kill('SIGTERM'), READY_MS)
  for await (const line of lines) {
    said.push(line)
    if (line === 'ready') {
      clearTimeout(late)
      // read on, so that its output never blocks it
      lines.on('line', () => undefined)
      void (async () => {
        for await (const _ of lines);
      })()
      return
    }
  }
  throw new Error(`the demo did not become ready:\n${said.join('\n')}`)
}
