import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { migrate } from './migrate.ts'
import { openRegistry } from './registry-database.ts'

/** A registry.db with these audit lines, and a way to look at what is left of them. */
function openAudit(lines: readonly { at: string; act: string }[]) {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'sc-people-')), 'registry.db')
  migrate(file, path.join(import.meta.dirname, '../../../prisma/migrations'))
  const db = new Database(file)
  const put = db.prepare("INSERT INTO Audit (at, user, act, target, detail) VALUES (?, 'admin', ?, '', ?)")
  db.transaction(() => { for (const [index, { at, act }] of lines.entries()) put.run(at, act, String(index)) })()
  db.close()
  const registry = openRegistry(file)
  return {
    people: registry.people,
    async left(): Promise<number[]> {
      await registry.close()
      const again = new Database(file, { readonly: true })
      const left = (again.prepare('SELECT detail FROM Audit ORDER BY id').pluck().all() as string[]).map(Number)
      again.close()
      return left
    },
  }
}
const day = (n: number): string => new Date(Date.UTC(2026, 0, n)).toISOString()

describe('the audit trail', { timeout: 60_000 }, () => {
  it.each<[string, { most: number; least: number; before: string }, number[]]>([
    ['too many', { most: 8, least: 3, before: day(1) }, [2, 3, 4, 5, 6, 7, 8, 9]], ['too old', { most: 8, least: 3, before: day(5) }, [4, 5, 6, 7, 8, 9]], ['all old', { most: 8, least: 3, before: day(99) }, [7, 8, 9]], ['none', { most: 10, least: 3, before: day(1) }, [...Array<number>(10).keys()]],
  ])('loses the oldest: %s', async (_, bounds, expected) => {
    const { people, left } = openAudit([...Array<number>(10).keys()].map((n) => ({ at: day(n + 1), act: 'assign' })))
    await people.pruneAudit(bounds)
    expect(await left()).toEqual(expected)
  })

  it('keeps which tokens were revoked, which are judged by it after a restore, up to a number of their own', async () => {
    const { people, left } = openAudit([...Array<number>(5).keys()].flatMap((n) => [{ at: day(n + 1), act: 'token.revoked' }, { at: day(n + 1), act: 'assign' }]))
    await people.pruneAudit({ most: 5, least: 3, before: day(99) })
    expect(await left()).toEqual([4, 5, 6, 7, 8, 9])
  })

  it('is shortened some lines at a time, until it says that there are no more', async () => {
    const { people, left } = openAudit(Array.from({ length: 2500 }, () => ({ at: day(1), act: 'assign' })))
    const bounds = { most: 100, least: 10, before: day(1) }
    expect([await people.pruneAudit(bounds), await people.pruneAudit(bounds), await people.pruneAudit(bounds)]).toEqual([true, true, false])
    expect(await left()).toEqual(Array.from({ length: 100 }, (_, n) => 2400 + n))
  })
})
