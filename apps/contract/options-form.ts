import { fault, ok, type Result } from './result.ts'

/** One option of a driver as a form shows it and a command line takes it, read from its JSON Schema. */
export interface OptionField {
  readonly name: string
  readonly title: string
  /** A sentence below the field; may be empty. */
  readonly help: string
  readonly kind: 'text' | 'number' | 'boolean' | 'choice'
  readonly choices: readonly string[]
  readonly required: boolean
  /** Never shown and never given back: an empty field keeps what is stored. */
  readonly secret: boolean
  /** What it is where nothing is said, as text; empty for none. */
  readonly initial: string
}

/** Why a text is no value for an option. */
export type OptionFault = { kind: 'no-number'; name: string } | { kind: 'no-boolean'; name: string } | { kind: 'no-choice'; name: string; choices: readonly string[] } | { kind: 'missing'; name: string } | { kind: 'unknown-option'; name: string; known: readonly string[] }

/** The fields of an object's JSON Schema, in its order. Properties of a form that is not known are texts: the appliance has the last word. */
export function optionFields(schema: Readonly<Record<string, unknown>>): OptionField[] {
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : [])
  return Object.entries(isObject(schema['properties']) ? schema['properties'] : {}).map(([name, value]) => {
    const one = isObject(value) ? value : {}
    const choices = Array.isArray(one['enum']) ? one['enum'].map(String) : []
    const initial = one['default']
    const title = typeof one['title'] === 'string' ? one['title'] : spaced(name)
    return {
      name, title, help: typeof one['description'] === 'string' ? one['description'] : '', choices,
      kind: choices.length > 0 ? 'choice' : one['type'] === 'integer' || one['type'] === 'number' ? 'number' : one['type'] === 'boolean' ? 'boolean' : 'text',
      required: required.has(name) && initial === undefined, secret: one['writeOnly'] === true, initial: initial === undefined ? '' : String(initial),
    }
  })
}

/** One option's value from what a person typed. */
export function parseOption(field: OptionField, text: string): Result<unknown, OptionFault> {
  const { name, kind, choices } = field
  if (kind === 'number') return text.trim() !== '' && Number.isFinite(Number(text)) ? ok(Number(text)) : fault({ kind: 'no-number', name })
  if (kind === 'boolean') return text === 'true' || text === 'false' ? ok(text === 'true') : fault({ kind: 'no-boolean', name })
  if (kind === 'choice') return choices.includes(text) ? ok(text) : fault({ kind: 'no-choice', name, choices })
  return ok(text)
}

/** All options from what was typed: empty ones are left out. `stored`: secrets that are kept where they are empty. */
export function parseOptions(fields: readonly OptionField[], typed: Readonly<Record<string, string>>, stored: boolean): Result<Record<string, unknown>, OptionFault> {
  const unknown = Object.keys(typed).find((name) => !fields.some((field) => field.name === name))
  if (unknown !== undefined) return fault({ kind: 'unknown-option', name: unknown, known: fields.map((field) => field.name) })
  const options: Record<string, unknown> = {}
  for (const field of fields) {
    const text = typed[field.name] ?? ''
    if (text === '' && field.required && !(field.secret && stored)) return fault({ kind: 'missing', name: field.name })
    if (text === '') continue
    const value = parseOption(field, text)
    if (!value.ok) return value
    options[field.name] = value.value
  }
  return ok(options)
}

/** A fault as a sentence. */
export function explainOption(one: OptionFault): string {
  switch (one.kind) {
    case 'no-number': return `${one.name} is a number.`
    case 'no-boolean': return `${one.name} is true or false.`
    case 'no-choice': return `${one.name} is one of ${one.choices.join(', ')}.`
    case 'missing': return `${one.name} is needed.`
    case 'unknown-option': return one.known.length === 0 ? `There is no option ${one.name}: this driver has none.` : `There is no option ${one.name}: it has ${one.known.join(', ')}.`
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** `userName` as a person reads it: `User name`. */
const spaced = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1).replaceAll(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)}`
