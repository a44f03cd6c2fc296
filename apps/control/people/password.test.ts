import { describe, expect, it } from 'vitest'
import { hashPassword, makeOneTimePassword, verifyPassword } from './password.ts'

describe('passwords', () => {
  it('are recognised, and no other is', async () => {
    const stored = await hashPassword('correct horse battery')
    expect(await verifyPassword('correct horse battery', stored)).toBe(true)
    expect(await verifyPassword('correct horse batterz', stored)).toBe(false)
    expect(await hashPassword('correct horse battery')).not.toBe(stored)
  })

  it.each(['', 'scrypt$', 'scrypt$1$1$1$AA==$AA==', 'plain'])('never match a broken hash %j', async (stored) => {
    expect(await verifyPassword('', stored)).toBe(false)
  })

  it('for one time are readable and differ', () => {
    const all = new Set(Array.from({ length: 200 }, makeOneTimePassword))
    expect(all.size).toBe(200)
    for (const one of all) expect(one).toMatch(/^([abcdefghjkmnpqrstuvwxyz2-9]{4}-){3}[abcdefghjkmnpqrstuvwxyz2-9]{4}$/)
  })
})
