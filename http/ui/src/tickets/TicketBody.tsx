// What a ticket says: its letters, its legs in order and who sits where, what it cost and what holds of it.

import type { Ticket } from '../api/schema'
import { useFormats, useText } from '../i18n'
import { classes } from '../parts/classes'
import { Conditions } from '../parts/Conditions'
import { NamesAway } from '../parts/NamesAway'
import trip from '../parts/trip.module.css'
import { TripLegs } from '../parts/TripLegs'
import { Locator } from './Locator'
import { Sitter } from './Sitter'

export function TicketBody({ ticket }: { ticket: Ticket }) {
  const t = useText()
  const formats = useFormats()
  return (
    <section className="card stack">
      <Locator letters={ticket.localizador} />
      <p className="quiet-text">
        {t.tickets.bought(formats.moment(ticket.criada_em))} · {t.tickets.code} <code>{ticket.uuid}</code>
      </p>
      <NamesAway companies={ticket.nomes_com} />
      <TripLegs seats={ticket.trechos} sitter={(seat) => <Sitter seat={seat} />} />
      <p className={classes(trip.sum, trip.total)}>
        <span>{t.seats.total}</span>
        <b>{ticket.preco ? formats.money(ticket.preco) : t.search.mixedCurrencies}</b>
      </p>
      {ticket.reembolso && (
        <p className={trip.sum}>
          <span>{t.tickets.gaveBackAll}</span>
          <b>{formats.money(ticket.reembolso)}</b>
        </p>
      )}
      <Conditions airlines={ticket.companhias} />
    </section>
  )
}
