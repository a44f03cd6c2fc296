import { describe, expect, test } from 'vitest'
import { checks } from '#cli/doctor/index'
import { powerDrivers } from '#control/power/index'
import { roles } from '#control/roles/index'
import { builds } from '#images/catalog/builds'
import { osImages } from '#images/catalog/index'
import { architectures } from '#netboot/arch/index'

const catalogs = { architecture: architectures.entries, 'power driver': powerDrivers.entries, role: roles.entries, 'OS image': osImages.entries, 'doctor check': checks }

describe.each(Object.entries(catalogs))('every %s', (_name, entries) => {
  test('has an id of its own that can be stored and typed', () => {
    expect(entries.length).toBeGreaterThan(0)
    expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length)
    for (const { id } of entries) expect(id).toMatch(/^[a-z][a-z0-9-]{1,40}$/)
  })
  test('has a title for people', () => {
    for (const { title } of entries) expect(title).toMatch(/^\S.{1,60}\S$/)
  })
})

describe('architectures', () => {
  test('claim no firmware number twice for one transport', () => {
    for (const numbers of [architectures.entries.flatMap((one) => one.dhcpTypes), architectures.entries.flatMap((one) => one.httpTypes)]) expect(new Set(numbers).size).toBe(numbers.length)
  })
})

describe('power drivers', () => {
  test('refuse options that are not theirs, and say why they cannot where they cannot', () => {
    for (const driver of powerDrivers.entries) expect(driver.options.safeParse('nonsense').success, driver.id).toBe(false)
  })
})

describe('OS images', () => {
  test('can be built, each of them', () => {
    for (const image of osImages.entries) expect(builds).toContain(image.id)
    expect(new Set(builds).size).toBe(builds.length)
  })
})

describe('roles', () => {
  test('name an image that exists, and their services', () => {
    for (const role of roles.entries) {
      expect(osImages.find(role.imageId), role.imageId).toBeDefined()
      expect(role.services.length).toBeGreaterThan(0)
      expect(role.summary).not.toBe('')
    }
  })
})
