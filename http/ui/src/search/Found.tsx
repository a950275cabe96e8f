// What there is of what was asked: one journey beside the map, or there and back.

import { useState } from 'react'

import { useWide } from '../app/media'
import { go } from '../app/route'
import type { Airport, Itinerary } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Icon } from '../parts/Icon'
import { begin } from '../seats/choice'
import type { Search } from './query'
import { Results } from './Results'
import { RouteMap } from './RouteMap'
import { TwoJourneys } from './TwoJourneys'

interface Props {
  search: Search
  airports: Airport[]
}

export default function Found({ search, airports }: Props) {
  return search.back ? (
    <TwoJourneys search={search} airports={airports} />
  ) : (
    <OneJourney search={search} airports={airports} />
  )
}

function OneJourney({ search, airports }: Props) {
  const t = useText()
  const isWide = useWide()
  const [shown, setShown] = useState<Itinerary>()
  const choose = (itinerary: Itinerary) => {
    begin([itinerary.trechos], search.passageiros)
    go('#/assentos')
  }
  const map = (itinerary?: Itinerary) => <RouteMap airports={airports} legs={itinerary?.trechos ?? []} />
  return (
    <Results
      search={search}
      way="outward"
      isOpen={isWide}
      shown={shown}
      onShow={setShown}
      {...(isWide ? { aside: map(shown) } : { map })}
      action={(itinerary) => (
        <Button kind="primary" onPress={() => choose(itinerary)}>
          {t.search.choose}
          <Icon name="arrow" />
        </Button>
      )}
    />
  )
}
