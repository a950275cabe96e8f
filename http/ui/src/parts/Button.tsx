// A button of the page.

import { Button as AriaButton, type ButtonProps } from 'react-aria-components'

interface Props extends Omit<ButtonProps, 'className'> {
  kind?: 'primary' | 'plain' | 'quiet' | 'link' | 'danger'
}

export function Button({ kind = 'plain', ...props }: Props) {
  return <AriaButton {...props} className={`button ${kind}`} />
}
