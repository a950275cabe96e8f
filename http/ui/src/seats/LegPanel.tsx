// The seats of one leg: the live map, the best places, and what is chosen so far.

import { useMutation } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { Label, Radio, RadioGroup } from 'react-aria-components'

import { useAirlines } from '../api/airlines'
import { suggestion, type Preference } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Leg, Seat, SeatMap } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Failure } from '../parts/Failure'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { Skeletons } from '../parts/Skeleton'
import { LegLine } from '../parts/LegLine'
import { hasZones } from '../search/itinerary'
import { agreeToHelp, chosenOf, isChosen, isLocked, setSeats, toggle, type Choice } from './choice'
import { ExitRow } from './ExitRow'
import { awayFromExits, isAtExit, labelsOf } from './grid'
import { useFeed, useSeatMap, type Feed } from './live'
import { Legend, SeatGrid } from './SeatGrid'
import styles from './seats.module.css'

interface Props {
  leg: Leg
  choice: Choice
  wish: Preference
  onWish: (wish: Preference) => void
}

export function LegPanel({ leg, choice, wish, onWish }: Props) {
  const t = useText()
  const nameOf = useAirlines()
  const feed = useFeed(leg)
  const { data: map, error, refetch } = useSeatMap(leg, feed.stands)
  const [isRefused, setRefused] = useState(false)
  const chosen = chosenOf(choice, leg)
  const locked = isLocked(choice)
  const [atExit, setAtExit] = useState<number>()
  const mustAgree = !choice.mayHelp && !locked
  const onToggle = useCallback(
    (seat: Seat) => {
      const isAsked = mustAgree && seat.saida && seat.estado === 'livre' && !isChosen(leg, seat.id)
      setAtExit(isAsked ? seat.id : undefined)
      if (!isAsked) setRefused(locked || (seat.estado === 'livre' && !toggle(leg, seat.id)))
    },
    [leg, locked, mustAgree],
  )
  const agree = () => {
    agreeToHelp()
    if (atExit !== undefined) toggle(leg, atExit)
    setAtExit(undefined)
  }
  const isDown = !feed.companyUp || isRefusal(error, 'company-down')
  return (
    <section className={styles.legPanel}>
      <ul>
        <LegLine leg={leg} zones={hasZones(choice.legs)} />
      </ul>
      {isDown && <Notice tone="warning">{t.seats.companyDown(nameOf(leg.company))}</Notice>}
      {error && !isDown && <Failure error={error} onRetry={() => void refetch()} />}
      {!map && !error && <Skeletons count={1} className={styles.skeletonCabin} />}
      {map && (
        <>
          <Best leg={leg} map={map} choice={choice} wish={wish} onWish={onWish} isDisabled={isDown || locked} />
          <p className={styles.chosen} role="status">
            {chosen.length > 0 && <b>{labelsOf(map, chosen).join(', ')} · </b>}
            {t.seats.chosen(chosen.length, choice.travellers.length)}
          </p>
          <CabinHead map={map} feed={feed} />
          {isRefused && <Notice>{locked ? t.seats.locked : t.seats.full}</Notice>}
          {isAtExit(map, chosen) && <Notice>{t.seats.exitRule}</Notice>}
          <ExitRow isOpen={atExit !== undefined} onAgree={agree} onClose={() => setAtExit(undefined)} />
          <SeatGrid label={t.seats.map(leg.voo)} map={map} chosen={chosen} onToggle={onToggle} />
        </>
      )}
    </section>
  )
}

interface BestProps {
  leg: Leg
  map: SeatMap
  choice: Choice
  wish: Preference
  onWish: (wish: Preference) => void
  isDisabled: boolean
}

const WISHES: Preference[] = ['tanto-faz', 'janela', 'corredor']

function Best({ leg, map, choice, wish, onWish, isDisabled }: BestProps) {
  const t = useText()
  const best = useMutation({
    mutationFn: async () => {
      const seats = await suggestion(leg, choice.travellers.length, wish)
      return choice.mayHelp ? seats : awayFromExits(map, seats)
    },
    onSuccess: (seats) => seats.length > 0 && setSeats(leg, seats),
  })
  return (
    <div className={styles.best}>
      <RadioGroup
        className="segmented"
        value={wish}
        onChange={(value) => onWish(value as Preference)}
        orientation="horizontal"
      >
        <Label className="visually-hidden">{t.seats.wish}</Label>
        {WISHES.map((one) => (
          <Radio key={one} value={one} className="segment-choice">
            {t.seats.wishes[one]}
          </Radio>
        ))}
      </RadioGroup>
      <Button onPress={() => best.mutate()} isWaiting={best.isPending} isDisabled={isDisabled}>
        <Icon name="star" />
        {t.seats.best}
      </Button>
      {best.error && <Failure error={best.error} />}
      {best.data?.length === 0 && <Notice tone="warning">{t.seats.noneLeft}</Notice>}
    </div>
  )
}

function CabinHead({ map, feed }: { map: SeatMap; feed: Feed }) {
  const t = useText()
  return (
    <div className={styles.cabinHead}>
      <Legend />
      <p className={styles.feed} data-stands={feed.stands || undefined}>
        <span className={styles.feedDot} aria-hidden="true" />
        {feed.stands ? t.seats.live : t.seats.connecting} · {t.seats.free(map.livres)}
      </p>
    </div>
  )
}
