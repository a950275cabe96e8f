// What a seat at an exit demands: asked of whoever wants one, before it is theirs.

import { useText } from '../i18n'
import { Button } from '../parts/Button'
import { Dialog } from '../parts/Dialog'

interface Props {
  isOpen: boolean
  onAgree: () => void
  onClose: () => void
}

export function ExitRow({ isOpen, onAgree, onClose }: Props) {
  const t = useText()
  return (
    <Dialog title={t.seats.exitTitle} isOpen={isOpen} onClose={onClose}>
      <p>{t.seats.exitRule}</p>
      <div className="row">
        <Button kind="primary" onPress={onAgree}>
          {t.seats.exitAgree}
        </Button>
        <Button onPress={onClose}>{t.seats.exitOther}</Button>
      </div>
    </Dialog>
  )
}
