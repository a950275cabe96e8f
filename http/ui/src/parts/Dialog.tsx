// A dialog over the page: closed by its button, Escape, or a press beside it.

import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'

import { useText } from '../i18n'
import { Button } from './Button'
import { Icon } from './Icon'
import { classes } from './classes'
import styles from './parts.module.css'

interface Props {
  title: string
  isOpen: boolean
  onClose: () => void
  children: ReactNode
  /** What stays in sight at the foot, however long the rest is. */
  foot?: ReactNode
}

export function Dialog({ title, isOpen, onClose, children, foot }: Props) {
  const t = useText()
  return (
    <ModalOverlay
      className={classes(styles.overlay)}
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
    >
      <Modal className={classes(styles.modal)}>
        <AriaDialog className={classes(styles.dialog)}>
          <div className={styles.dialogHead}>
            <Heading slot="title">{title}</Heading>
            <Button kind="quiet" aria-label={t.app.close} onPress={onClose}>
              <Icon name="close" />
            </Button>
          </div>
          {children}
          {foot && <div className={styles.dialogFoot}>{foot}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
