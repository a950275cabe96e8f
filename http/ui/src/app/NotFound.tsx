// An address that leads nowhere.

import { useText } from '../i18n'
import { Blank } from '../parts/Blank'
import { Page } from './Page'

export function NotFound() {
  const t = useText()
  return (
    <Page title={t.app.notFound}>
      <Blank hint={t.app.notFoundHint}>
        <a className="button primary" href="#/">
          {t.app.home}
        </a>
      </Blank>
    </Page>
  )
}
