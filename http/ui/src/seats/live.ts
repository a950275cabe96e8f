// A seat map that follows what happens.
//
// The leg on the screen is followed by its event stream. The others of a trip are asked for again every few seconds, because
// streams are few: browsers allow six connections to a host, over all tabs.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { follow } from '../api/events'
import { seatMap, type LegRef } from '../api/queries'
import { useReach } from '../api/reach'
import type { CompanyUp, SeatEvent, SeatMap } from '../api/schema'
import { useVisible } from '../app/visible'

const ASK_AGAIN_MS = 5_000

/** The stream of a seat map: whether it stands, and whether the company is there. */
export interface Feed {
  stands: boolean
  companyUp: boolean
}

/** The map of a leg, asked for again every few seconds unless a stream feeds it. */
export function useSeatMap(leg: LegRef, isFed: boolean, refetchOnMount: boolean | 'always' = true) {
  return useQuery({
    ...seatMap(leg),
    refetchOnMount,
    refetchInterval: (query) => (isFed && query.state.status === 'success' ? false : ASK_AGAIN_MS),
  })
}

/** Follows the leg for as long as the component and the tab are seen. */
export function useFeed(leg: LegRef): Feed {
  const queries = useQueryClient()
  const isVisible = useVisible()
  const reach = useReach()
  const isOffline = reach === 'offline'
  const [feed, setFeed] = useState<Feed>({ stands: false, companyUp: true })
  const { company, id } = leg
  // the stream begins with every state: opened after the map is there, it leaves no gap
  const hasMap = useSeatMap(leg, true).data !== undefined
  useEffect(() => {
    // one that was open when the line broke may seem to be open for long: it is opened again
    if (!isVisible || !hasMap || isOffline) return
    const stop = new AbortController()
    const key = seatMap({ company, id }).queryKey
    const onEvent = ({ event, data }: { event: string; data: unknown }) => {
      if (event === 'companhia') {
        setFeed((now) => ({ ...now, companyUp: (data as CompanyUp).no_ar }))
      } else if (event === 'mapa' || event === 'assentos') {
        queries.setQueryData<SeatMap>(key, (map) => map && changed(map, data as SeatEvent))
      }
    }
    const onConnection = (stands: boolean) => setFeed((now) => ({ ...now, stands }))
    const path = `/trechos/${encodeURIComponent(company)}/${id}/eventos`
    // a leg that is refused for good is said by its map
    follow({ path, signal: stop.signal, onEvent, onConnection }).catch(() => onConnection(false))
    return () => {
      stop.abort()
      onConnection(false)
    }
  }, [company, hasMap, id, isOffline, isVisible, queries])
  return { ...feed, stands: feed.stands && reach === 'there' }
}

export function changed(map: SeatMap, { versao, livres, assentos }: SeatEvent): SeatMap {
  const states = new Map(assentos.map(({ id, estado }) => [id, estado]))
  return {
    ...map,
    versao,
    livres,
    assentos: map.assentos.map((seat) => {
      const estado = states.get(seat.id) ?? seat.estado
      return estado === seat.estado ? seat : { ...seat, estado }
    }),
  }
}
