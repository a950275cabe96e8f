// A mail server: it takes whatever comes, and keeps it.

import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** Letters leave once a second, on a machine that is busy with a cluster. */
const LETTER_MS = 30_000
const LOOK_EVERY_MS = 100

/** Its head is as it was sent, the text as it is read. */
export interface Letter {
  to: string
  subject: string
  text: string
}

export class Mailbox {
  private readonly letters: Letter[] = []

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async open(): Promise<Mailbox> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const box = new Mailbox(server, (server.address() as AddressInfo).port)
    server.on('connection', (socket) => {
      // a client that goes away in the middle is none of our business
      socket.on('error', () => undefined)
      void box.converse(socket)
    })
    return box
  }

  /** The letter to this address after so many others. */
  async letter(to: string, before = 0): Promise<Letter> {
    const until = Date.now() + LETTER_MS
    for (;;) {
      const found = this.to(to)[before]
      if (found) return found
      if (Date.now() > until) throw new Error(`no letter ${before + 1} to ${to}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  to(address: string): Letter[] {
    return this.letters.filter(({ to }) => to === address)
  }

  close(): void {
    this.server.close()
  }

  private async converse(socket: Socket): Promise<void> {
    const say = (line: string) => socket.write(`${line}\r\n`)
    let to = ''
    let text: string[] | undefined
    say('220 mail.test ESMTP')
    for await (const line of createInterface({ input: socket })) {
      if (text) {
        if (line !== '.') text.push(line.replace(/^\./, ''))
        else {
          this.letters.push(opened(to, text))
          text = undefined
          say('250 taken')
        }
        continue
      }
      const command = line.slice(0, 4).toUpperCase()
      if (command === 'EHLO') say('250-mail.test\r\n250 8BITMIME')
      else if (command === 'DATA') {
        text = []
        say('354 go ahead')
      } else if (command === 'QUIT') {
        socket.end('221 bye\r\n')
      } else {
        if (command === 'RCPT') to = /<(.*)>/.exec(line)?.[1] ?? ''
        say('250 ok')
      }
    }
  }
}

/** Letters about passwords have one part, of quoted-printable or of plain lines. */
function opened(to: string, lines: string[]): Letter {
  const end = lines.indexOf('')
  const head = lines.slice(0, end).join('\n')
  const body = lines.slice(end + 1).join('\n')
  const isQuoted = /^content-transfer-encoding: quoted-printable$/im.test(head)
  const subject = /^subject: (.*(?:\n[ \t].*)*)/im.exec(head)?.[1] ?? ''
  return { to, subject, text: isQuoted ? unquoted(body) : body }
}

function unquoted(text: string): string {
  const bytes = text
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
