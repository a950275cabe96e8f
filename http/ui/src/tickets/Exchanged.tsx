// That a ticket took the place of another one, or that others took its own: with the way there.

import { useInfiniteQuery } from '@tanstack/react-query'

import { tickets as ticketsQuery } from '../api/queries'
import type { Ticket } from '../api/schema'
import { useText } from '../i18n'
import { Notice } from '../parts/Notice'

export function Exchanged({ ticket: { uuid, remarca, trechos } }: { ticket: Ticket }) {
  const t = useText()
  const isGiven = trechos.some(({ reembolso }) => reembolso?.motivo === 'trocado-por-outro-voo')
  const { data } = useInfiniteQuery({ ...ticketsQuery, enabled: isGiven })
  const all = data?.pages.flatMap(({ passagens }) => passagens) ?? []
  const next = all.find((one) => one.remarca?.uuid === uuid)
  const link = (to: string, text: string) => (
    <a className="button" href={`#/passagens/${to}`}>
      {text}
    </a>
  )
  return (
    <>
      {remarca && (
        <Notice tone="good" action={link(remarca.uuid, t.exchange.former)}>
          {t.exchange.took}
        </Notice>
      )}
      {isGiven && (
        <Notice tone="good" action={next && link(next.uuid, t.exchange.next)}>
          {t.exchange.went}
        </Notice>
      )}
    </>
  )
}
