import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { installedRoot, rootPlaceholder } from './installed-root.ts'

const uuid = '5c10ad00-0000-4000-a000-000000000001'
const machine = (rootUuid: string) => ({ id: 'm', hostname: null, decision: 'localDisk' as const, address: null, rootUuid })

describe('the root of an installed machine', () => {
  it('is known where control says a UUID', () => expect(installedRoot(machine(uuid))).toBe(uuid))
  it('is never text that a script would take for more', () => {
    for (const text of ['', `${uuid}\nreboot`, uuid.toUpperCase(), `${uuid.slice(0, -1)};`]) expect(installedRoot(machine(text))).toBeUndefined()
    expect(installedRoot(undefined)).toBeUndefined()
  })
  it('has one place of its own length in the GRUB for disks', () => {
    const config = readFileSync(path.join(import.meta.dirname, '../../../images/loaders/localboot.cfg'), 'utf8')
    expect(config.split(rootPlaceholder)).toHaveLength(2)
    expect(rootPlaceholder).toHaveLength(uuid.length)
  })
})
