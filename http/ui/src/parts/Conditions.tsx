// What holds of every fare of these companies: baggage, refund and change, in the words of each.

import { useId } from 'react'

import type { Airline } from '../api/schema'
import { useText } from '../i18n'
import { NamedCompany } from './Company'
import styles from './parts.module.css'

const WORDS = ['bagagem', 'reembolso', 'remarcacao'] as const

interface Props {
  airlines: Airline[]
  /** Of the heading: it stands below another one. */
  level?: 2 | 3
}

export function Conditions({ airlines, level = 2 }: Props) {
  const t = useText()
  const id = useId()
  const Heading = level === 2 ? 'h2' : 'h3'
  const told = airlines.filter(({ condicoes }) => condicoes !== null)
  if (told.length === 0) return null
  return (
    <section className={styles.conditions} aria-labelledby={id}>
      <Heading id={id}>{t.conditions.title}</Heading>
      {told.map(({ company, condicoes }) => (
        <div key={company} className="stack tight">
          <p>
            <NamedCompany code={company} />
          </p>
          {condicoes && (
            <dl>
              {WORDS.map((word) => (
                <div key={word}>
                  <dt>{t.conditions[word]}</dt>
                  <dd>{condicoes[word]}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      ))}
    </section>
  )
}

/** Those that fly some of the legs. */
export function airlinesOf(airlines: Airline[], legs: { company: string }[]): Airline[] {
  const codes = new Set(legs.map(({ company }) => company))
  return airlines.filter(({ company }) => codes.has(company))
}
