// What is shown when a fault of the page itself reaches the top, or a part of it could not be loaded.

import { Component, type ReactNode } from 'react'

import { useText } from '../i18n'
import { Button } from '../parts/Button'
import parts from '../parts/parts.module.css'

export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override render() {
    return this.state.failed ? <Crashed /> : this.props.children
  }
}

function Crashed() {
  const t = useText()
  return (
    <div className={parts.blank} role="alert">
      <h1>{t.app.failed}</h1>
      <p>{t.app.crashed}</p>
      <Button kind="primary" onPress={() => location.reload()}>
        {t.app.reload}
      </Button>
    </div>
  )
}
