// Passengers that this company keeps for the visitor: one press writes one down, another has all of them forgotten.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { setTraveller, type Choice } from '../seats/choice'
import styles from './people.module.css'
import { forgetPeople, savedPeople, travellerOf } from './saved'

export function SavedPeople({ user, choice }: { user: string; choice: Choice }) {
  const t = useText()
  const queries = useQueryClient()
  const { data } = useQuery(savedPeople(user))
  const forget = useMutation({
    mutationFn: forgetPeople,
    onSuccess: () => queries.invalidateQueries({ queryKey: savedPeople(user).queryKey }),
  })
  const people = data?.passageiros ?? []
  const names = choice.travellers.map(({ nome }) => nome.trim())
  const left = people.filter(({ nome }) => !names.includes(nome))
  const place = names.indexOf('')
  if (people.length === 0) return null
  return (
    <div className={styles.saved} role="group" aria-label={t.people.saved}>
      {place >= 0 &&
        left.map((person) => (
          <Button key={person.nome} onPress={() => setTraveller(place, travellerOf(person))}>
            {person.nome}
          </Button>
        ))}
      <Button kind="link" onPress={() => forget.mutate()} isWaiting={forget.isPending}>
        {t.people.forget}
      </Button>
    </div>
  )
}
