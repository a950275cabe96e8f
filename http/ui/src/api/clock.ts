// The clock of the server, as its answers tell it: the one of this machine may be wrong by hours.

let ahead = 0

/** `date`: the header of an answer. One that the browser had kept is some minutes old, which is near enough for flights. */
export function noticeClock(date: string | null): void {
  const told = Date.parse(date ?? '')
  if (!Number.isNaN(told)) ahead = told - Date.now()
}

export const serverNow = (): number => Date.now() + ahead
