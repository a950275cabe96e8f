// Names that were misspelt, put right: of those whose flight has not left, by a few letters.

import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'

import { answer, client } from '../api/client'
import { queries, ticket as ticketQuery, tickets } from '../api/queries'
import { isRefusal } from '../api/refusal'
import type { Ticket, TicketSeat } from '../api/schema'
import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Dialog } from '../parts/Dialog'
import { Failure } from '../parts/Failure'
import { Notice } from '../parts/Notice'
import { TextInput } from '../parts/TextInput'
import { correctable, corrections } from './correct'

interface Props {
  ticket: Ticket
  isOpen: boolean
  onClose: () => void
  onDone: () => void
}

export function NamesDialog({ isOpen, ...props }: Props) {
  const t = useText()
  return (
    <Dialog title={t.names.title} isOpen={isOpen} onClose={props.onClose}>
      {isOpen && <Names {...props} />}
    </Dialog>
  )
}

function Names({ ticket, onClose, onDone }: Omit<Props, 'isOpen'>) {
  const t = useText()
  // as they are when the dialog opens: what is typed is of these
  const [people] = useState(() => correctable(ticket))
  const [typed, setTyped] = useState(() => people.map(({ name }) => name))
  const [isChecked, setChecked] = useState(false)
  const nomes = corrections(people, typed)
  const params = { path: { uuid: ticket.uuid } }
  const correct = useMutation({
    mutationFn: () => answer(client.POST('/passagens/{uuid}/nomes', { params, body: { nomes } })),
    onSuccess: (corrected) => {
      queries.setQueryData(ticketQuery(ticket.uuid).queryKey, corrected)
      void queries.invalidateQueries({ queryKey: tickets.queryKey })
      onDone()
    },
  })
  const isEmpty = (i: number) => typed[i]?.trim() === ''
  const refused = isRefusal(correct.error, 'not-correctable') ? correct.error : undefined
  const isAbout = (seats: TicketSeat[]) =>
    refused !== undefined &&
    seats.some(
      ({ company, id_assento }) => company === refused.problem.company && id_assento === refused.problem.id_assento,
    )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (nomes.length > 0 && !typed.some((_, i) => isEmpty(i))) correct.mutate()
  }
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <p className="lead">{t.names.allowed}</p>
      {people.map(({ name, seats }, i) => (
        <TextInput
          key={`${name} ${seats[0]?.id_assento}`}
          label={t.names.of(i + 1, people.length)}
          value={typed[i] ?? ''}
          onChange={(value) => setTyped(typed.map((old, j) => (j === i ? value : old)))}
          autoComplete="off"
          hint={t.names.isNow(name)}
          fault={
            isChecked && isEmpty(i)
              ? t.seats.nameRequired
              : isAbout(seats)
                ? t.names.refused(refused?.sentence ?? '')
                : undefined
          }
        />
      ))}
      {isChecked && nomes.length === 0 && <Notice tone="warning">{t.names.same}</Notice>}
      {refused ? (
        <Notice tone="bad">
          {t.names.none} {!people.some(({ seats }) => isAbout(seats)) && refused.sentence}
        </Notice>
      ) : (
        correct.error && <Failure error={correct.error} />
      )}
      <div className="row">
        <Button kind="primary" type="submit" isWaiting={correct.isPending}>
          {t.names.do}
        </Button>
        <Button onPress={onClose}>{t.names.keep}</Button>
      </div>
    </form>
  )
}
