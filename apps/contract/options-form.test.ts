import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { explainOption, optionFields, parseOptions } from './options-form.ts'

const schema = z.toJSONSchema(z.object({
  address: z.string().describe('Host name or address of the BMC'), userName: z.string(), password: z.string().meta({ writeOnly: true, title: 'Password' }),
  port: z.number().int().default(443), verify: z.boolean().default(true), flavour: z.enum(['dell', 'hpe']).optional(),
}), { io: 'input' })
const fields = optionFields(schema)

describe('options from a JSON Schema', () => {
  test('every property becomes a field of its kind', () => {
    expect(fields.map((field) => [field.name, field.title, field.kind, field.required, field.secret, field.initial])).toEqual([
      ['address', 'Address', 'text', true, false, ''], ['userName', 'User name', 'text', true, false, ''], ['password', 'Password', 'text', true, true, ''],
      ['port', 'Port', 'number', false, false, '443'], ['verify', 'Verify', 'boolean', false, false, 'true'], ['flavour', 'Flavour', 'choice', false, false, ''],
    ])
    expect(fields[0]?.help).toBe('Host name or address of the BMC')
    expect(optionFields({})).toEqual([])
  })

  test('what was typed becomes values; what was not is left to the driver', () => {
    const typed = { address: 'bmc-1', userName: 'root', password: 'p', port: '8443', verify: 'false', flavour: 'hpe' }
    expect(parseOptions(fields, typed, false)).toEqual({ ok: true, value: { address: 'bmc-1', userName: 'root', password: 'p', port: 8443, verify: false, flavour: 'hpe' } })
    expect(parseOptions(fields, { address: 'b', userName: 'r', port: '' }, true)).toEqual({ ok: true, value: { address: 'b', userName: 'r' } })
  })

  test.each([
    [{ address: 'b', userName: 'r' }, 'password is needed.'], [{ address: 'b', userName: 'r', password: 'p', port: 'x' }, 'port is a number.'],
    [{ address: 'b', userName: 'r', password: 'p', verify: 'maybe' }, 'verify is true or false.'], [{ address: 'b', userName: 'r', password: 'p', flavour: 'ibm' }, 'flavour is one of dell, hpe.'],
    [{ adress: 'b' }, 'There is no option adress: it has address, userName, password, port, verify, flavour.'],
  ])('%j is refused', (typed: Record<string, string>, sentence) => {
    const parsed = parseOptions(fields, typed, false)
    expect(parsed.ok ? '' : explainOption(parsed.fault)).toBe(sentence)
  })
})
