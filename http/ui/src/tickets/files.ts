// Files of a ticket. A plain link would do, as the browser sends the session with it; asked for here, a refusal is told in the page.

import { answer, client } from '../api/client'
import { language } from '../i18n/language'

export async function savePdf(uuid: string): Promise<void> {
  const params = { path: { uuid }, query: { idioma: language() } }
  save(await answer(client.GET('/passagens/{uuid}/bilhete.pdf', { params, parseAs: 'blob' })), `passcom-${uuid}.pdf`)
}

export async function saveCalendar(uuid: string): Promise<void> {
  const params = { path: { uuid } }
  save(await answer(client.GET('/passagens/{uuid}/calendario.ics', { params, parseAs: 'blob' })), `passcom-${uuid}.ics`)
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // the browser has taken hold of it by the next turn
  setTimeout(() => URL.revokeObjectURL(link.href))
}
