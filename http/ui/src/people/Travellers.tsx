// Who travels, and how to reach who books: checked as it is typed.

import { useState } from 'react'

import { EMAIL_MAX } from '../account/lengths'
import { useSession } from '../api/session'
import { useText } from '../i18n'
import { TextInput } from '../parts/TextInput'
import { isLocked, setContact, setRemember, setTraveller, type Choice } from '../seats/choice'
import styles from './people.module.css'
import {
  birthFault,
  cpfMask,
  documentFault,
  isPhone,
  KINDS,
  type Contact,
  type Kind,
  type Required,
  type Traveller,
} from './people'
import { SavedPeople } from './SavedPeople'

/** The longest name and the longest document that the server takes. */
const NAME_MAX = 120
const DOCUMENT_MAX = 32
const PHONE_MAX = 24

/** Where people are written down, for who has to be led there. */
const TRAVELLERS_ID = 'travellers'

interface Props {
  choice: Choice
  required: Required
  /** What is missing is said. */
  isChecked: boolean
}

/** Leads to the first field that is not as it should be, once it says so. */
export function focusFault(): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>(`#${TRAVELLERS_ID} [aria-invalid=true]`)
    field?.scrollIntoView({ block: 'center' })
    field?.focus({ preventScroll: true })
  })
}

/** Leads to the first name that nobody has written yet. */
export function focusNameless(): void {
  const fields = document.querySelectorAll<HTMLInputElement>(`#${TRAVELLERS_ID} input[name=nome]`)
  const field = Array.from(fields).find(({ value }) => value.trim() === '')
  field?.scrollIntoView({ block: 'center' })
  field?.focus({ preventScroll: true })
}

/** Whether a booking may be sent as it is written. */
export function isComplete({ travellers, contact }: Choice, required: Required): boolean {
  const isFine = (traveller: Traveller) =>
    traveller.nome.trim() !== '' &&
    documentFault(traveller, required.documento) === undefined &&
    birthFault(traveller.nascimento, required.nascimento, today()) === undefined
  return travellers.every(isFine) && (!contact?.telefone.trim() || isPhone(contact.telefone))
}

const today = () => new Date().toISOString().slice(0, 10)

export function Travellers({ choice, required, isChecked }: Props) {
  const t = useText()
  const session = useSession()
  return (
    <fieldset className="stack tight" id={TRAVELLERS_ID}>
      <legend className={styles.heading}>{t.seats.passengers}</legend>
      {session.is === 'in' && !isLocked(choice) && <SavedPeople user={session.user} choice={choice} />}
      {choice.travellers.map((traveller, i) => (
        <Person
          key={i}
          traveller={traveller}
          number={choice.travellers.length > 1 ? i + 1 : undefined}
          required={required}
          isChecked={isChecked}
          isLocked={isLocked(choice)}
          autoComplete={i === 0}
          onChange={(next) => setTraveller(i, next)}
        />
      ))}
      <ContactFields choice={choice} isChecked={isChecked} />
      {!isLocked(choice) && (
        <label className={styles.remember}>
          <input
            type="checkbox"
            checked={choice.remember ?? false}
            onChange={({ target }) => setRemember(target.checked)}
          />
          <span>
            {t.people.remember} <small className="quiet-text">{t.people.rememberHint}</small>
          </span>
        </label>
      )}
    </fieldset>
  )
}

interface PersonProps {
  traveller: Traveller
  /** Where there are several. */
  number: number | undefined
  required: Required
  isChecked: boolean
  isLocked: boolean
  autoComplete: boolean
  onChange: (traveller: Traveller) => void
}

function Person({ traveller, number, required, isChecked, isLocked, autoComplete, onChange }: PersonProps) {
  const t = useText()
  const [isTyping, setTyping] = useState(false)
  const { tipo = 'cpf' } = traveller
  const fault = documentFault(traveller, required.documento && isChecked, isTyping)
  const born = birthFault(traveller.nascimento, required.nascimento && isChecked, today())
  const optional = (label: string, isRequired: boolean) => (isRequired ? label : t.people.optional(label))
  return (
    <div className={styles.traveller} role="group" aria-label={t.seats.passenger(number ?? 1)}>
      <TextInput
        label={number ? `${number}. ${t.seats.name}` : t.seats.name}
        name="nome"
        value={traveller.nome}
        maxLength={NAME_MAX}
        isReadOnly={isLocked}
        autoComplete={autoComplete ? 'name' : 'off'}
        onChange={(nome) => onChange({ ...traveller, nome })}
        fault={isChecked && traveller.nome.trim() === '' ? t.seats.nameRequired : undefined}
      />
      <div className={styles.document}>
        <label className="field">
          <span className="field-label">{t.people.kind}</span>
          <select
            className="input"
            value={tipo}
            disabled={isLocked}
            onChange={({ target }) => onChange(withKind(traveller, target.value as Kind))}
          >
            {KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {t.people.kinds[kind]}
              </option>
            ))}
          </select>
        </label>
        <TextInput
          label={optional(t.people.number[tipo], required.documento)}
          value={traveller.documento}
          maxLength={DOCUMENT_MAX}
          isReadOnly={isLocked}
          autoComplete="off"
          inputMode={tipo === 'cpf' ? 'numeric' : 'text'}
          onFocus={() => setTyping(true)}
          onBlur={() => setTyping(false)}
          onChange={(text) => onChange({ ...traveller, documento: tipo === 'cpf' ? cpfMask(text) : text })}
          fault={fault && t.people.documentFaults[fault]}
        />
        {tipo === 'passaporte' && (
          <TextInput
            label={t.people.country}
            hint={t.people.countryHint}
            value={traveller.pais ?? 'BR'}
            maxLength={2}
            isReadOnly={isLocked}
            autoComplete={autoComplete ? 'country' : 'off'}
            onChange={(pais) => onChange({ ...traveller, pais: pais.toUpperCase() })}
          />
        )}
      </div>
      <TextInput
        label={optional(t.people.birth, required.nascimento)}
        type="date"
        value={traveller.nascimento ?? ''}
        isReadOnly={isLocked}
        autoComplete={autoComplete ? 'bday' : 'off'}
        onChange={(nascimento) => onChange({ ...traveller, nascimento })}
        fault={born && t.people.birthFaults[born]}
      />
    </div>
  )
}

/** Another kind has another form: what was written of a CPF goes without its points. */
function withKind(traveller: Traveller, tipo: Kind): Traveller {
  const documento = tipo === 'cpf' ? cpfMask(traveller.documento) : traveller.documento.replace(/[.\-\s]/g, '')
  return { ...traveller, tipo, documento }
}

const NO_CONTACT: Contact = { email: '', telefone: '' }

function ContactFields({ choice, isChecked }: { choice: Choice; isChecked: boolean }) {
  const t = useText()
  const contact = choice.contact ?? NO_CONTACT
  const isWrong = isChecked && contact.telefone.trim() !== '' && !isPhone(contact.telefone)
  return (
    <div className={styles.traveller} role="group" aria-label={t.people.contact}>
      <p className="hint">{t.people.contactHint}</p>
      <TextInput
        label={t.people.optional(t.people.email)}
        type="email"
        value={contact.email}
        maxLength={EMAIL_MAX}
        isReadOnly={isLocked(choice)}
        autoComplete="email"
        onChange={(email) => setContact({ ...contact, email })}
      />
      <TextInput
        label={t.people.optional(t.people.phone)}
        type="tel"
        value={contact.telefone}
        maxLength={PHONE_MAX}
        isReadOnly={isLocked(choice)}
        autoComplete="tel"
        onChange={(telefone) => setContact({ ...contact, telefone })}
        fault={isWrong ? t.people.phoneFault : undefined}
      />
    </div>
  )
}
