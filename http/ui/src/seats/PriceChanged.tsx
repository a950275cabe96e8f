// The price is another one than was shown: nothing was reserved, and nothing is without a word of the visitor.

import { useFormats, useText } from '../i18n'
import { Button } from '../parts/Button'
import { Notice } from '../parts/Notice'
import { totalOf, type Choice } from './choice'
import type { NewPrice } from './prices'

interface Props {
  choice: Choice
  prices: NewPrice[]
  onAgree: () => void
}

export function PriceChanged({ choice, prices, onAgree }: Props) {
  const t = useText()
  const formats = useFormats()
  const priceOf = (company: string, id: number) => prices.find((one) => one.company === company && one.id === id)?.preco
  const legs = choice.legs.map((leg) => ({ ...leg, preco: priceOf(leg.company, leg.id) ?? leg.preco }))
  const [was, now] = [totalOf(choice), totalOf({ ...choice, legs })]
  return (
    <Notice
      tone="warning"
      action={
        <Button kind="primary" onPress={onAgree}>
          {now ? t.seats.priceAgree(formats.money(now)) : t.seats.hold}
        </Button>
      }
    >
      {was && now && <b>{t.seats.priceChanged(formats.money(now), formats.money(was))}</b>}
      <ul>
        {prices.map(({ company, id, preco, was }) => (
          <li key={`${company}/${id}`}>
            {t.seats.priceOfLeg(
              `${was.voo} ${was.origem_iata} – ${was.destino_iata}`,
              formats.money(preco),
              formats.money(was.preco),
            )}
          </li>
        ))}
      </ul>
      {t.seats.priceNothing}
    </Notice>
  )
}
