// Other flights in place of those that a company has changed: the way that is owed, and what flies it.

import { useMutation, useQuery } from '@tanstack/react-query'
import { parseDate } from '@internationalized/date'

import { NeedsSession } from '../account/NeedsSession'
import { useAirlines } from '../api/airlines'
import { queries, seatMap, suggestion, ticket as ticketQuery, type LegRef } from '../api/queries'
import type { Itinerary, Ticket } from '../api/schema'
import { useSession } from '../api/session'
import { useWide } from '../app/media'
import { Page } from '../app/Page'
import { go, useRoute } from '../app/route'
import { useFormats, useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Button } from '../parts/Button'
import { classes } from '../parts/classes'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Skeletons } from '../parts/Skeleton'
import { firstDay, notBefore, searchOf, type Search } from '../search/query'
import { Results } from '../search/Results'
import { beginInstead, legKey } from '../seats/choice'
import { awayFromExits } from '../seats/grid'
import { OldFlights } from './OldFlights'
import { owedOf, owedWays, type OwedWay } from './owed'
import styles from './exchange.module.css'

export default function ExchangePage({ uuid }: { uuid: string }) {
  const t = useText()
  const session = useSession()
  const { query } = useRoute()
  const { data, error, refetch } = useQuery({ ...ticketQuery(uuid), enabled: session.is === 'in' })
  const ways = data ? owedWays(data) : []
  const index = Number(query.get('via') ?? 0)
  const way = ways[index] ?? ways[0]
  return (
    <Page title={t.exchange.title} {...(way && { lead: t.exchange.lead })}>
      {session.is !== 'in' && !data && <NeedsSession />}
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {session.is === 'in' && !data && !error && <Skeletons count={3} />}
      {data && way && <Offers ticket={data} way={way} index={ways.indexOf(way)} />}
      {data && !way && (
        <Blank title={t.exchange.nothing} hint={t.exchange.nothingHint}>
          <a className="button primary" href={`#/passagens/${uuid}`}>
            {t.exchange.toTicket}
          </a>
        </Blank>
      )}
    </Page>
  )
}

function Offers({ ticket, way, index }: { ticket: Ticket; way: OwedWay; index: number }) {
  const t = useText()
  const nameOf = useAirlines()
  const formats = useFormats()
  const isWide = useWide()
  const search = useOwedSearch(ticket, way, index)
  const take = useMutation({
    mutationFn: async ({ trechos }: Itinerary) => {
      const seats = await Promise.all(trechos.map((leg) => found(leg, way.people).catch(() => [])))
      const chosen = Object.fromEntries(trechos.map((leg, i) => [legKey(leg), seats[i] ?? []]))
      beginInstead(trechos, { ticket: ticket.uuid, seats: way.seats }, chosen)
      go('#/assentos')
    },
  })
  const { owed } = search
  const companies = formats.list((owed?.companies ?? []).map((code) => nameOf(code)))
  return (
    <>
      <section className={classes('card', styles.old)} aria-label={t.exchange.instead}>
        <h2>{t.exchange.instead}</h2>
        <OldFlights seats={way.seats} />
        {owed && <p className="hint">{t.exchange.limit(formats.day(owed.lastDay), companies)}</p>}
      </section>
      <Results
        search={search}
        way="outward"
        isOpen={isWide}
        action={(itinerary) => (
          <Button
            kind="primary"
            onPress={() => take.mutate(itinerary)}
            isWaiting={take.isPending && take.variables === itinerary}
          >
            {t.exchange.take}
            <Icon name="arrow" />
          </Button>
        )}
      />
    </>
  )
}

/** The best seats together, none of them at an exit. */
async function found(leg: LegRef, people: number): Promise<number[]> {
  const [map, seats] = await Promise.all([queries.fetchQuery(seatMap(leg)), suggestion(leg, people, 'tanto-faz')])
  return awayFromExits(map, seats)
}

/** Of the address are the day, the order and the filters; the rest is of the ticket. */
function useOwedSearch(ticket: Ticket, way: OwedWay, index: number): Search {
  const { query } = useRoute()
  const [first, last] = [way.seats[0], way.seats.at(-1)]
  const asked = searchOf(query)
  const sold = parseDate((first?.partida ?? '').slice(0, 10))
  const data = query.has('data') ? asked.outward.data : notBefore(sold, firstDay())
  return {
    outward: { ...asked.outward, origem: first?.origem_iata ?? '', destino: last?.destino_iata ?? '', data },
    passageiros: way.people,
    ordem: asked.ordem === 'preco' ? 'melhor' : asked.ordem,
    owed: owedOf(ticket, way, index),
  }
}
