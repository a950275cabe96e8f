// What is kept on this device for when there is no connection, and that nothing of it outlives its owner's sign-out.

import { onLeft } from '../api/session'

/** As the service worker names it. */
const OWN = 'passcom-own'

/** Once the page stands: what it loads must not wait for what is kept. */
export function keepForOffline(): void {
  if (!('serviceWorker' in navigator)) return
  const register = () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined)
  if (document.readyState === 'complete') register()
  else addEventListener('load', register, { once: true })
  onLeft(forgetOwn)
}

/** Tickets that were seen are not to be read by whoever sits here next. */
function forgetOwn(): void {
  navigator.serviceWorker.controller?.postMessage('forget')
  // also where no worker runs
  void caches.delete(OWN).catch(() => undefined)
}
