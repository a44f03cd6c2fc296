import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { optionFields } from '#contract/options-form'
import { definePowerDriver } from './driver.ts'
import { powerDrivers } from './index.ts'
import { describeDriver, shownOptions, withStoredSecrets } from './options.ts'

const bmc = definePowerDriver({ id: 'bmc', title: 'A BMC', cannotWhy: '', options: z.object({ address: z.string(), password: z.string().meta({ writeOnly: true }) }), connect: () => ({}) })

describe('options of power drivers', () => {
  test.each(powerDrivers.entries)('$id describes its options so that a form can be made of them', (driver) => {
    const info = describeDriver(driver)
    expect(info.options['type']).toBe('object')
    for (const field of optionFields(info.options)) expect(field.title).not.toBe('')
  })
  test('a secret is stored, never shown, and kept where none is given', () => {
    const stored = { address: 'a', password: 'p' }
    expect(shownOptions(bmc, stored)).toEqual({ address: 'a' })
    expect(withStoredSecrets(bmc, { address: 'b' }, stored)).toEqual({ address: 'b', password: 'p' })
    expect(withStoredSecrets(bmc, { address: 'b', password: 'q' }, stored)).toEqual({ address: 'b', password: 'q' })
  })
})
