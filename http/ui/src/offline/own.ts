// What is kept on this device for when there is no connection, and that nothing of it outlives its owner's sign-out, nor is another's.

import { onLeft, user, watch } from '../api/session'
import { store } from '../api/store'

/** As the service worker names it. */
const OWN = 'passcom-own'

/** Whose it is, also when the session is over. */
const owner = store('', { key: 'passcom.owner', in: 'localStorage', isShared: true })

/** Once the page stands: what it loads must not wait for what is kept. */
export function keepForOffline(): void {
  if (!('serviceWorker' in navigator)) return
  const register = () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined)
  if (document.readyState === 'complete') register()
  else addEventListener('load', register, { once: true })
  onLeft(() => forgetOwn())
  watch(notice)
  notice()
}

/** Somebody else may sign in after a session that nobody ended. */
function notice(): void {
  const now = user()
  if (now === undefined || now === owner.fresh()) return
  if (owner.get() !== '') forgetOwn()
  owner.set(now)
}

/** Tickets that were seen are not to be read by whoever sits here next. */
function forgetOwn(): void {
  owner.set('')
  navigator.serviceWorker.controller?.postMessage('forget')
  // also where no worker runs
  void caches.delete(OWN).catch(() => undefined)
}
