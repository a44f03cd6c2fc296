import { describe, expect, test } from 'vitest'
import { agent, discovery, dora, toScript } from '../../../test/sim/made-story.ts'
import type { Inventory } from '#contract/inventory'
import { newMachine, type MachineRecord } from '../machines/record.ts'
import { openPathBook, type PathStore } from './path-book.ts'
import type { Moment } from './moment.ts'
import { splitSessions, type Session } from './sessions.ts'

const inventory = { manufacturer: 'Dell Inc.', product: 'PowerEdge R640', firmware: 'uefi', secureBoot: false } as unknown as Inventory
const machine = (id: string, more: Partial<Inventory> = {}): MachineRecord => ({ ...newMachine({ id, name: id, mac: '52:54:00:00:00:01', uuid: null, now: '2026-01-01T00:00:00Z', powerDriver: 'manual' }), inventory: { ...inventory, ...more } })
const boots = (...moments: Moment[][]): Session[] => splitSessions(moments.flat().sort((a, b) => a.atMs - b.atMs), 'x')
const memory = (): PathStore & { facts: Map<string, string> } => {
  const facts = new Map<string, string>()
  return { facts, entries: (bucket) => [...facts].flatMap(([key, value]) => (key.startsWith(`${bucket} `) ? [{ key: key.slice(bucket.length + 1), value }] : [])), put: async (bucket, key, value) => void facts.set(`${bucket} ${key}`, value) }
}
const broken = (error: unknown): void => { throw error }
const toDisk = (at: number): Moment[] => toScript(at, 'localDisk')

describe('boot paths', () => {
  test('a loader is learned from each boot, once however often it is looked at', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    for (let look = 0; look < 3; look += 1) book.learn(m, boots(discovery(0)))
    book.learn(m, boots(discovery(0), discovery(100)))
    expect(book.list([m])).toMatchObject([{ manufacturer: 'Dell Inc.', firmware: 'uefi', machines: ['a'], loader: 'TFTP snponly.efi', loaderBoots: 2, loaderMs: 300, used: 'grub', why: 'It is the usual one of its firmware.' }])
  })

  test('a way into the disk that fails twice is left for the next one, for every machine of the kind', () => {
    const book = openPathBook(memory(), broken)
    const [a, b] = [machine('a'), machine('b')]
    expect(book.wayFor(a)).toBeUndefined()
    book.learn(a, boots(toDisk(0), toDisk(60)))
    expect(book.wayFor(b)).toBe('grub')
    book.learn(a, boots(toDisk(0), toDisk(60), toDisk(120)))
    expect(book.wayFor(b)).toBe('exit')
    expect(book.list([a, b])[0]).toMatchObject({ why: 'The way before it (grub) failed 2 times.', machines: ['a', 'b'] })
    expect(book.wayFor(machine('c', { product: 'another' }))).toBeUndefined()
  })

  test('a way that works stays, and one failure of it changes nothing', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots([...toDisk(0), agent(30)], [...toDisk(3600), ...dora(3640, 'system')], toDisk(7200), toDisk(7260)))
    expect(book.list([m])[0]).toMatchObject({ used: 'grub', why: 'It worked 2 times.', disk: [{ method: 'grub', worked: 2, failed: 1 }, { method: 'exit', worked: 0 }] })
  })

  test('a boot that is still under way teaches nothing yet', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots(toDisk(0)))
    expect(book.list([m])[0]?.disk).toMatchObject([{ worked: 0, failed: 0 }, {}])
    book.learn(m, boots([...toDisk(0), agent(40)]))
    expect(book.list([m])[0]?.disk).toMatchObject([{ worked: 1, failed: 0 }, {}])
  })

  test('a person’s choice is obeyed, kept over a restart, and refused where the firmware has no such way', async () => {
    const store = memory()
    const book = openPathBook(store, broken)
    const m = machine('a')
    book.learn(m, boots(discovery(0)))
    const id = book.list([m])[0]?.id ?? ''
    expect(id).toMatch(/^uefi-dell-inc-poweredge-r640-[0-9a-f]{6}$/)
    expect(await book.wish(id, 'exit')).toBeNull()
    expect(await book.wish(id, 'sanboot')).toBe('A UEFI machine has no way “sanboot”: choose auto, grub or exit.')
    expect(await book.wish('nothing', 'exit')).toBeUndefined()
    const again = openPathBook(store, broken)
    expect(again.wayFor(m)).toBe('exit')
    expect(again.list([m])[0]).toMatchObject({ wished: 'exit', why: 'A person chose it.', loaderBoots: 1 })
    again.learn(m, boots(discovery(0)))
    expect(again.list([m])[0]?.loaderBoots).toBe(1)
  })
})
