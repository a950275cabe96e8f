// The filters in a dialog, where there is no room beside the list.

import type { SearchResult } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Dialog } from '../parts/Dialog'
import Filters from './Filters'
import { currencyOf } from './itinerary'
import type { Search, Way } from './query'

interface Props {
  search: Search
  way: Way
  result: SearchResult
  onClose: () => void
}

export default function FilterSheet({ search, way, result, onClose }: Props) {
  const t = useText()
  return (
    <Dialog
      title={search.back ? `${t.search.filters}: ${t.search.ways[way]}` : t.search.filters}
      isOpen
      onClose={onClose}
      foot={
        <Button kind="primary" onPress={onClose}>
          {t.search.showResults(result.total)}
        </Button>
      }
    >
      <Filters
        search={search}
        way={way}
        choices={result.escolhas}
        currency={search.owed ? undefined : currencyOf(result)}
        isInDialog
      />
    </Dialog>
  )
}
