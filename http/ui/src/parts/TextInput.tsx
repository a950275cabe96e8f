// A line of text with its label, hint and fault.

import { FieldError, Input, Label, Text, TextField, type TextFieldProps } from 'react-aria-components'

interface Props extends Omit<TextFieldProps, 'className' | 'children'> {
  label: string
  hint?: string | undefined
  fault?: string | undefined
}

export function TextInput({ label, hint, fault, ...props }: Props) {
  return (
    <TextField {...props} className="field" isInvalid={fault !== undefined}>
      <Label className="field-label">{label}</Label>
      <Input className="input" />
      {hint && fault === undefined && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      <FieldError className="fault">{fault}</FieldError>
    </TextField>
  )
}
