import { z } from 'zod'
import { optionFields } from '#contract/options-form'
import type { PowerDriverInfo } from '#contract/operator-api'
import type { PowerDriver } from './driver.ts'

/** A driver as operators see it: forms and command lines are made from its options' JSON Schema. */
export function describeDriver({ id, title, cannotWhy, options }: PowerDriver): PowerDriverInfo {
  return { id, title, cannotWhy, options: z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown> }
}

const secrets = (driver: PowerDriver): Set<string> => new Set(optionFields(describeDriver(driver).options).flatMap((field) => (field.secret ? [field.name] : [])))

/** What is stored for a driver, without what is secret (`writeOnly` in its schema). */
export function shownOptions(driver: PowerDriver, stored: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const hidden = secrets(driver)
  return Object.fromEntries(Object.entries(stored).filter(([name]) => !hidden.has(name)))
}

/** The new options with the secrets of the old ones where none was given: a form never had them to give back. */
export function withStoredSecrets(driver: PowerDriver, given: Readonly<Record<string, unknown>>, stored: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const hidden = secrets(driver)
  return { ...Object.fromEntries(Object.entries(stored).filter(([name]) => hidden.has(name))), ...given }
}
