// A button of the page.
//
// One that waits for an answer keeps the focus and does nothing more; what it waits for is said where the answer will stand.
// Without a connection it says that it waits for that: what was asked for is sent once there is one.

import { Button as AriaButton, type ButtonProps } from 'react-aria-components'

import { useReach } from '../api/reach'
import { useText } from '../i18n'
import { classes } from './classes'

interface Props extends Omit<ButtonProps, 'className' | 'isPending'> {
  kind?: 'primary' | 'plain' | 'quiet' | 'link' | 'danger'
  isWaiting?: boolean
}

export function Button({ kind = 'plain', isWaiting = false, onPress, type, children, ...props }: Props) {
  const t = useText()
  const isOffline = useReach() === 'offline'
  const waiting = isWaiting
    ? ({ 'aria-disabled': true, type: 'button' } as const)
    : { ...(onPress && { onPress }), ...(type && { type }) }
  return (
    <AriaButton {...props} {...waiting} className={classes('button', kind, isWaiting ? 'waiting' : undefined)}>
      {isWaiting && isOffline ? t.app.waiting : children}
    </AriaButton>
  )
}
