// Choosing seats: a live map for each leg, who travels, and the hold.

import { useEffect, useRef, useState } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'

import { Page } from '../app/Page'
import { useRequired } from '../api/airlines'
import type { Preference } from '../api/queries'
import type { Leg } from '../api/schema'
import { ExchangeCard } from '../exchange/ExchangeCard'
import { ExchangeStep } from '../exchange/ExchangeStep'
import { useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { classes } from '../parts/classes'
import { Company } from '../parts/Company'
import { Icon } from '../parts/Icon'
import { Notice } from '../parts/Notice'
import { chosenOf, journeysOf, legKey, useChoice, type Choice } from './choice'
import { ChoiceCard } from './ChoiceCard'
import { Conflict } from './Conflict'
import { HoldStep } from './HoldStep'
import { LegPanel } from './LegPanel'
import styles from './seats.module.css'

export default function SeatsPage() {
  const t = useText()
  const choice = useChoice()
  if (choice) return <Seats choice={choice} />
  return (
    <Page title={t.seats.title}>
      <Blank title={t.seats.none} hint={t.seats.noneHint}>
        <a className="button primary" href="#/">
          {t.app.home}
        </a>
      </Blank>
    </Page>
  )
}

function Seats({ choice }: { choice: Choice }) {
  const t = useText()
  const [shown, setShown] = useState(() => firstOpen(choice))
  const [wish, setWish] = useState<Preference>('tanto-faz')
  const [isChecked, setChecked] = useState(false)
  const tabs = useRef<HTMLDivElement>(null)
  const here = choice.legs.find((leg) => legKey(leg) === shown)
  const next = choice.legs.find((leg) => !isFull(choice, leg))
  const goesOn = next !== undefined && here !== undefined && isFull(choice, here)
  // six legs have more tabs than fit
  useEffect(() => {
    tabs.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [shown])
  // what was pressed goes away: the focus goes on with the visitor
  const goTo = (leg: Leg) => {
    setShown(legKey(leg))
    tabs.current?.querySelectorAll<HTMLElement>('[role=tab]')[choice.legs.indexOf(leg)]?.focus()
  }
  const onNext = goesOn ? () => goTo(next) : undefined
  const { instead } = choice
  const required = useRequired(choice.legs.map(({ company }) => company))
  return (
    <Page title={instead ? t.exchange.review : t.seats.title}>
      {choice.hold && (
        <Notice
          tone="good"
          action={
            <a className="button" href={`#/retencao/${choice.hold}`}>
              {t.seats.toHold}
            </a>
          }
        >
          {t.seats.held}
        </Notice>
      )}
      {choice.legs.map((leg) => (
        <Conflict key={legKey(leg)} leg={leg} wish={wish} isFed={legKey(leg) === shown} onTaken={() => goTo(leg)} />
      ))}
      <div className={styles.seatsBody}>
        <Tabs
          className={classes(styles.legTabs)}
          selectedKey={shown}
          onSelectionChange={(key) => setShown(String(key))}
        >
          <TabList ref={tabs} className={classes(styles.tabList)} aria-label={t.seats.legs}>
            {choice.legs.map((leg) => (
              <Tab key={legKey(leg)} id={legKey(leg)} className={classes(styles.tab)}>
                <LegTab choice={choice} leg={leg} />
              </Tab>
            ))}
          </TabList>
          {choice.legs.map((leg) => (
            <TabPanel key={legKey(leg)} id={legKey(leg)} className={classes(styles.tabPanel)}>
              <LegPanel leg={leg} choice={choice} wish={wish} onWish={setWish} />
            </TabPanel>
          ))}
        </Tabs>
        {instead ? (
          <ExchangeCard choice={choice} instead={instead} />
        ) : (
          <ChoiceCard choice={choice} required={required} isChecked={isChecked} />
        )}
      </div>
      {instead ? (
        <ExchangeStep choice={choice} instead={instead} onNext={onNext} />
      ) : (
        <HoldStep choice={choice} required={required} onNext={onNext} onChecked={() => setChecked(true)} />
      )}
    </Page>
  )
}

const isFull = (choice: Choice, leg: Leg) => chosenOf(choice, leg).length === choice.travellers.length

function firstOpen(choice: Choice): string {
  const open = choice.legs.find((leg) => !isFull(choice, leg)) ?? choice.legs[0]
  return open ? legKey(open) : ''
}

function LegTab({ choice, leg }: { choice: Choice; leg: Leg }) {
  const t = useText()
  const done = chosenOf(choice, leg).length
  const journeys = journeysOf(choice)
  const way = journeys[0]?.includes(leg) ? 'outward' : 'back'
  return (
    <>
      <Company code={leg.company} />
      <span className={styles.tabText}>
        <b>
          {leg.origem_iata} – {leg.destino_iata}
        </b>
        <small>
          {journeys.length > 1 && `${t.search.ways[way]} · `}
          {t.seats.chosen(done, choice.travellers.length)}
          {isFull(choice, leg) && <Icon name="check" />}
        </small>
      </span>
    </>
  )
}
