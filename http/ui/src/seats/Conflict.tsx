// Watches the chosen seats of one leg. When somebody else takes one it says so, and offers the next best.

import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { suggestion, type Preference } from '../api/queries'
import type { Leg } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { Notice } from '../parts/Notice'
import { chosenOf, isLocked, lose, lostOf, setSeats, useChoice } from './choice'
import { awayFromExits, labelsOf } from './grid'
import { useSeatMap } from './live'

/** Seats that were ours a moment ago may still look held: the news of their release is on its way. */
const FREEING_MS = 10_000
/** What is offered may be taken in turn. */
const OFFER_AGAIN_MS = 4_000

interface Props {
  leg: Leg
  wish: Preference
  /** A stream keeps the map up to date. */
  isFed: boolean
  /** The next best seats are chosen. */
  onTaken: () => void
}

export function Conflict({ leg, wish, isFed, onTaken }: Props) {
  const choice = useChoice()
  // held seats of a locked choice are held by us
  const isOurs = choice !== undefined && isLocked(choice)
  const { data: map } = useSeatMap(leg, isFed, 'always')
  const isFreeing = useWithin(choice?.freedAt, FREEING_MS)
  useEffect(() => {
    if (isOurs || isFreeing || !map || !choice) return
    const gone = new Set(map.assentos.filter(({ estado }) => estado !== 'livre').map(({ id }) => id))
    const taken = chosenOf(choice, leg).filter((id) => gone.has(id))
    if (taken.length > 0) lose(leg, taken)
  }, [choice, isFreeing, isOurs, leg, map])

  if (!choice) return null
  const lost = labelsOf(map, lostOf(choice, leg))
  const missing = choice.travellers.length - chosenOf(choice, leg).length
  if (lost.length === 0 || missing === 0) return null
  return <Loss leg={leg} lost={lost} missing={missing} wish={wish} onTaken={onTaken} />
}

/** Whether that moment is less than so long ago. */
function useWithin(since: number | undefined, ms: number): boolean {
  const [now, setNow] = useState(Date.now)
  const left = since === undefined ? 0 : since + ms - now
  useEffect(() => {
    if (left <= 0) return
    const timer = setTimeout(() => setNow(Date.now()), left)
    return () => clearTimeout(timer)
  }, [left])
  return left > 0
}

interface LossProps {
  leg: Leg
  lost: string[]
  missing: number
  wish: Preference
  onTaken: () => void
}

function Loss({ leg, lost, missing, wish, onTaken }: LossProps) {
  const t = useText()
  const formats = useFormats()
  const choice = useChoice()
  const { data: map } = useSeatMap(leg, true)
  const { data: offer } = useQuery({
    queryKey: ['offer', leg.company, leg.id, missing, wish],
    queryFn: () => suggestion(leg, missing, wish),
    staleTime: 0,
    gcTime: 0,
    refetchInterval: OFFER_AGAIN_MS,
  })
  const kept = choice ? chosenOf(choice, leg) : []
  const fit = offer && map && !choice?.mayHelp ? awayFromExits(map, offer) : offer
  const seats = fit?.filter((id) => !kept.includes(id))
  const said = formats.list(lost)
  const take = (seats: number[]) => {
    setSeats(leg, [...kept, ...seats])
    onTaken()
  }
  const next = seats && seats.length > 0 && (
    <Button kind="primary" onPress={() => take(seats)}>
      {t.seats.take(formats.list(labelsOf(map, seats)))}
    </Button>
  )
  return (
    <Notice tone="warning" action={next}>
      {lost.length === 1 ? t.seats.lost(said, leg.voo) : t.seats.lostMany(said, leg.voo)}
      {seats?.length === 0 && ` ${t.seats.lostNone}`}
    </Notice>
  )
}
