// A cabin from above: an ARIA grid with one tab stop, where arrows walk and Enter or space chooses.
//
// A state shows by shape and sign as well as by colour, and by words to those who hear it.

import { memo, useRef, useState, type FocusEvent, type KeyboardEvent } from 'react'

import type { Seat, SeatMap } from '../api/schema'
import { useText } from '../i18n'
import { labelOf, ledTo, rowsOf, type Row } from './grid'
import styles from './seats.module.css'

export type Shown = Seat['estado'] | 'mine'

/** What stands in a seat that cannot be chosen. */
const SIGNS: Record<Exclude<Shown, 'livre' | 'mine'>, string> = { retido: '◷', vendido: '×', bloqueado: '–' }

interface Props {
  label: string
  map: SeatMap
  /** Ids of the seats chosen, in the order of the travellers. */
  chosen: number[]
  /** The same function at every render, so that only seats that changed are drawn. */
  onToggle: (seat: Seat) => void
}

export function SeatGrid({ label, map, chosen, onToggle }: Props) {
  const t = useText()
  const grid = useRef<HTMLDivElement>(null)
  const [visited, setVisited] = useState<number>()
  const rows = rowsOf(map)
  const stop = map.assentos.find(({ id }) => id === visited) ?? firstStop(map, chosen)
  const onKeyDown = (event: KeyboardEvent) => {
    if (!stop) return
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      onToggle(stop)
      return
    }
    const next = ledTo(rows, stop, event.key, event.ctrlKey)
    if (!next) return
    event.preventDefault()
    grid.current?.querySelector<HTMLElement>(`[data-seat="${next.id}"]`)?.focus()
  }
  // by arrows, a press or assistive technology: keys act on what has the focus
  const onFocus = ({ target }: FocusEvent<HTMLElement>) => setVisited(Number(target.dataset.seat))
  return (
    <div className={styles.cabin} data-columns={map.colunas.flat().length}>
      <div
        ref={grid}
        className={styles.seatGrid}
        role="grid"
        aria-label={label}
        aria-multiselectable
        onFocus={onFocus}
        onKeyDown={onKeyDown}
      >
        <Letters columns={map.colunas} />
        {rows.map((row) => (
          <SeatRow
            key={row.number}
            row={row}
            columns={map.colunas}
            isExit={map.saidas.includes(row.number)}
            chosen={chosen}
            stop={stop?.id}
            onPick={onToggle}
          />
        ))}
      </div>
      <p className="visually-hidden">{t.seats.help}</p>
    </div>
  )
}

function firstStop(map: SeatMap, chosen: number[]): Seat | undefined {
  const { assentos } = map
  return (
    assentos.find(({ id }) => chosen.includes(id)) ?? assentos.find(({ estado }) => estado === 'livre') ?? assentos[0]
  )
}

function Letters({ columns }: { columns: string[][] }) {
  const t = useText()
  return (
    <div role="row" className={styles.seatRow}>
      <span role="columnheader">
        <span className="visually-hidden">{t.seats.rowHead}</span>
      </span>
      {columns.map((group) => (
        <span key={group.join('')} role="none" className={styles.seatGroup}>
          {group.map((letter) => (
            <span key={letter} role="columnheader" className={styles.letter}>
              {letter}
            </span>
          ))}
        </span>
      ))}
    </div>
  )
}

interface RowProps {
  row: Row
  columns: string[][]
  isExit: boolean
  chosen: number[]
  stop: number | undefined
  onPick: (seat: Seat) => void
}

function SeatRow({ row, columns, isExit, chosen, stop, onPick }: RowProps) {
  const t = useText()
  let column = 0
  return (
    <div role="row" className={styles.seatRow} data-exit={isExit || undefined}>
      <span role="rowheader" className={styles.rowNumber}>
        {row.number}
        {isExit && <span className="visually-hidden">, {t.seats.exit}</span>}
      </span>
      {columns.map((group) => (
        <span key={group.join('')} role="none" className={styles.seatGroup}>
          {group.map((letter) => {
            const seat = row.seats[column++]
            if (!seat) return <span key={letter} className={styles.seatGap} />
            const place = chosen.indexOf(seat.id)
            return <SeatCell key={letter} seat={seat} traveller={place + 1} isStop={seat.id === stop} onPick={onPick} />
          })}
        </span>
      ))}
    </div>
  )
}

interface CellProps {
  seat: Seat
  /** Whose seat it is to be, from 1; 0 if nobody's. */
  traveller: number
  isStop: boolean
  onPick: (seat: Seat) => void
}

const SeatCell = memo(function SeatCell({ seat, traveller, isStop, onPick }: CellProps) {
  const t = useText()
  const shown: Shown = traveller > 0 ? 'mine' : seat.estado
  const words = [
    labelOf(seat),
    t.seats.positions[seat.posicao],
    ...(seat.saida ? [t.seats.exit] : []),
    t.seats.states[shown],
    ...(traveller > 0 ? [t.seats.passenger(traveller)] : []),
  ]
  return (
    <span
      role="gridcell"
      className={styles.seat}
      data-state={shown}
      data-seat={seat.id}
      tabIndex={isStop ? 0 : -1}
      aria-selected={traveller > 0}
      aria-disabled={shown !== 'livre' && shown !== 'mine'}
      aria-label={words.join(', ')}
      onClick={() => onPick(seat)}
    >
      <span aria-hidden="true">{shown === 'mine' ? traveller : shown === 'livre' ? seat.letra : SIGNS[shown]}</span>
    </span>
  )
})

export function Legend() {
  const t = useText()
  const signs: Record<Shown, string> = { livre: 'A', mine: '1', ...SIGNS }
  return (
    <ul className={styles.legend} aria-label={t.seats.legend}>
      {(['livre', 'mine', 'retido', 'vendido', 'bloqueado'] as const).map((shown) => (
        <li key={shown}>
          <span className={styles.seat} data-state={shown} aria-hidden="true">
            {signs[shown]}
          </span>
          {t.seats.legendStates[shown]}
        </li>
      ))}
    </ul>
  )
}
