import { describe, expect, test } from 'vitest'
import { agent, dhcp, discovery, dora, http, tftp, toScript } from '../../../../test/sim/made-story.ts'
import type { Inventory } from '#contract/inventory'
import { newMachine, type MachineRecord } from '../../machines/record.ts'
import { nextEntryFile } from '#netboot/site'
import { kindOf } from './boot-path.ts'
import { learnedBootPath } from '#contract/blackbox-api'
import { openPathBook, type PathStore } from './path-book.ts'
import type { Moment } from '../moment.ts'
import { splitSessions, type Session } from '../sessions.ts'

const inventory = { manufacturer: 'Dell Inc.', product: 'PowerEdge R640', firmware: 'uefi', secureBoot: false } as unknown as Inventory
const machine = (id: string, more: Partial<Inventory> = {}): MachineRecord => ({ ...newMachine({ id, name: id, mac: '52:54:00:00:00:01', uuid: null, now: '2026-01-01T00:00:00Z', powerDriver: 'manual' }), inventory: { ...inventory, ...more } })
const boots = (...moments: Moment[][]): Session[] => splitSessions(moments.flat().sort((a, b) => a.atMs - b.atMs), 'x')
const memory = (): PathStore & { facts: Map<string, string> } => {
  const facts = new Map<string, string>()
  return { facts, entries: (bucket) => [...facts].flatMap(([key, value]) => (key.startsWith(`${bucket} `) ? [{ key: key.slice(bucket.length + 1), value }] : [])), put: async (bucket, key, value) => void facts.set(`${bucket} ${key}`, value) }
}
const broken = (error: unknown): void => { throw error }
const anna = { by: 'anna', at: '2026-01-02T00:00:00Z' }
const toDisk = (at: number): Moment[] => toScript(at, 'localDisk')

describe('boot paths', () => {
  test('a loader is learned from each boot, once however often it is looked at', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    for (let look = 0; look < 3; look += 1) book.learn(m, boots(discovery(0)))
    book.learn(m, boots(discovery(0), discovery(100)))
    expect(book.list([m])).toMatchObject([{ manufacturer: 'Dell Inc.', firmware: 'uefi', machines: ['a'], seen: { loader: 'TFTP snponly.efi', boots: 2, ms: 300 }, loader: { used: 'auto', source: 'usual', ways: [{ method: 'http', worked: 0 }, { method: 'tftp', worked: 2, failed: 0 }] }, disk: { used: 'grub', source: 'usual', why: 'It is the usual one of its firmware.' } }])
  })

  test('a way into the disk that fails twice is left for the next one, for every machine of the kind', () => {
    const book = openPathBook(memory(), broken)
    const [a, b] = [machine('a'), machine('b')]
    expect(book.pathFor(a)).toBeUndefined()
    book.learn(a, boots(toDisk(0), toDisk(60)))
    expect(book.pathFor(b)).toEqual({ disk: 'grub' })
    book.learn(a, boots(toDisk(0), toDisk(60), toDisk(120)))
    expect(book.pathFor(b)).toEqual({ disk: 'exit' })
    expect(book.list([a, b])[0]).toMatchObject({ disk: { source: 'learned', why: 'The way before it (grub) failed 2 times.' }, machines: ['a', 'b'] })
    expect(book.pathFor(machine('c', { product: 'another' }))).toBeUndefined()
  })

  test('a way that works stays, and one failure of it changes nothing', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots([...toDisk(0), agent(30)], [...toDisk(3600), ...dora(3640, 'system')], toDisk(7200), toDisk(7260)))
    expect(book.list([m])[0]).toMatchObject({ disk: { used: 'grub', source: 'learned', why: 'It worked 2 times.', ways: [{ method: 'grub', worked: 2, failed: 1 }, { method: 'exit', worked: 0 }] } })
  })

  test('a boot that is still under way teaches nothing yet', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots(toDisk(0)))
    expect(book.list([m])[0]?.disk.ways).toMatchObject([{ worked: 0, failed: 0 }, {}])
    book.learn(m, boots([...toDisk(0), agent(40)]))
    expect(book.list([m])[0]?.disk.ways).toMatchObject([{ worked: 1, failed: 0 }, {}])
  })

  test('a person’s choices are obeyed, told with who made them, kept over a restart, and refused where the firmware has no such way', async () => {
    const store = memory()
    const book = openPathBook(store, broken)
    const m = machine('a')
    book.learn(m, boots(discovery(0)))
    const id = book.list([m])[0]?.id ?? ''
    expect(id).toMatch(/^uefi-dell-inc-poweredge-r640-[0-9a-f]{6}$/)
    expect(await book.wish(id, { disk: 'exit', loader: 'http', window: 2 }, anna)).toBeNull()
    expect(await book.wish(id, { disk: 'sanboot' }, anna)).toBe('A UEFI machine has no way “sanboot”: choose auto or grub or exit.')
    expect(await book.wish('nothing', { disk: 'exit' }, anna)).toBeUndefined()
    const again = openPathBook(store, broken)
    expect(again.pathFor(m)).toEqual({ disk: 'exit', loader: 'http', tftpWindow: 2 })
    const told = { source: 'person', why: 'anna chose it.', chosenBy: 'anna', chosenAt: anna.at }
    expect(again.list([m])[0]).toMatchObject({ disk: { wished: 'exit', ...told }, loader: { wished: 'http', used: 'http', ...told }, window: { wished: 2, used: 2, ...told }, seen: { boots: 1 } })
    again.learn(m, boots(discovery(0)))
    expect(again.list([m])[0]?.seen.boots).toBe(1)
  })

  test('a choice that is taken back leaves what was learned; taken back once more, what failed is tried anew', async () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots(toDisk(0), toDisk(60), toDisk(120)))
    const id = book.list([m])[0]?.id ?? ''
    await book.wish(id, { disk: 'grub' }, anna)
    expect(book.pathFor(m)).toEqual({ disk: 'grub' })
    await book.wish(id, learnedBootPath, anna)
    expect(book.list([m])[0]?.disk).toMatchObject({ wished: 'auto', used: 'exit', source: 'learned', chosenBy: null })
    await book.wish(id, learnedBootPath, anna)
    expect(book.list([m])[0]?.disk).toMatchObject({ used: 'grub', source: 'usual' })
  })

  test('a BIOS is never told to use HTTP Boot', async () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a', { firmware: 'bios' })
    book.learn(m, boots(discovery(0)))
    const [path] = book.list([m])
    expect(path?.loader).toMatchObject({ used: 'auto', why: 'A BIOS has TFTP only.' })
    expect(await book.wish(path?.id ?? '', { loader: 'http' }, anna)).toBe('A BIOS machine has no loader by “http”: choose auto or tftp.')
  })

  test('what an older release stored is read', () => {
    const store = memory()
    const m = machine('a')
    const older = { id: '', manufacturer: 'Dell Inc.', product: 'PowerEdge R640', firmware: 'uefi', secureBoot: false, loader: 'TFTP snponly.efi', loaderBoots: 3, loaderMs: 300, disk: { grub: { worked: 2, failed: 0, failedInRow: 0, lastAt: '' } }, wished: 'exit' }
    const { id } = kindOf(m.inventory ?? inventory)
    store.facts.set(`boot-path ${id}`, JSON.stringify({ ...older, id }))
    expect(openPathBook(store, broken).list([m])).toMatchObject([{ seen: { boots: 3 }, disk: { wished: 'exit', used: 'exit', source: 'person', why: 'A person chose it.' }, loader: { used: 'auto' }, window: { used: null } }])
  })
})

describe('learned loaders', () => {
  const httpAsk = { architecture: 16, architectureId: 'uefi-x64' } as const
  /** HTTP Boot that fetches its loader, which never speaks. */
  const deaf = (at: number): Moment[] => [dhcp(at, 'discover', 'firmware', httpAsk), dhcp(at + 0.1, 'offer', 'firmware', { ...httpAsk, bootFile: 'http://10.77.0.1/files/snponly.efi' }), dhcp(at + 1, 'request', 'firmware', httpAsk), dhcp(at + 1.1, 'ack', 'firmware', { ...httpAsk, bootFile: 'http://10.77.0.1/files/snponly.efi' }), http(at + 2, '/files/snponly.efi')]
  /** HTTP Boot that is sent on to the next boot entry. */
  const next = { ...httpAsk, bootFile: `http://10.77.0.1/files/${nextEntryFile}` }
  const passed = (at: number): Moment[] => [dhcp(at, 'discover', 'firmware', httpAsk), dhcp(at + 0.1, 'offer', 'firmware', next), dhcp(at + 1, 'request', 'firmware', httpAsk), dhcp(at + 1.1, 'ack', 'firmware', next), http(at + 2, `/files/${nextEntryFile}`, { status: 404 })]

  test('HTTP Boot that fails twice is left for TFTP once that has worked', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots(deaf(0), discovery(20)))
    expect(book.pathFor(m)).toEqual({ disk: 'grub' })
    book.learn(m, boots(deaf(0), discovery(20), deaf(900), discovery(920)))
    expect(book.pathFor(m)).toEqual({ disk: 'grub', loader: 'tftp' })
    expect(book.list([m])[0]?.loader).toMatchObject({ used: 'tftp', source: 'learned', why: 'HTTP Boot failed 2 times, TFTP worked 2 times.' })
  })

  test('with nothing else that is known to work, both ways stay open', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots(deaf(0), deaf(60), deaf(120)))
    expect(book.list([m])[0]?.loader).toMatchObject({ used: 'auto', source: 'usual', ways: [{ method: 'http', worked: 0, failed: 2 }, { method: 'tftp' }] })
  })

  test('firmware that does not go on to the other way gets its own back', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    const past = [deaf(0), discovery(20), deaf(900), discovery(920)]
    book.learn(m, boots(...past))
    expect(book.pathFor(m)?.loader).toBe('tftp')
    book.learn(m, boots(...past, passed(2000), passed(2060), passed(2120), passed(2180)))
    expect(book.pathFor(m)?.loader).toBeUndefined()
  })

  test('firmware that goes on to the other way, as it shall, teaches nothing against it', () => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    const past = [deaf(0), discovery(20), deaf(900), discovery(920)]
    book.learn(m, boots(...past, passed(2000), discovery(2010), passed(3000), discovery(3010)))
    expect(book.list([m])[0]?.loader).toMatchObject({ used: 'tftp', ways: [{ method: 'http', failed: 2 }, { method: 'tftp', worked: 4, failed: 0 }] })
  })
})

describe('learned windows', () => {
  const fetched = (at: number, more: Parameters<typeof tftp>[1]): Moment[] => [...dora(at), tftp(at + 1.2, { windowSize: 16, ...more }), ...dora(at + 3, 'ipxe'), http(at + 4, '/boot.ipxe')]
  const after = (...transfers: Parameters<typeof tftp>[1][]): object | undefined => {
    const book = openPathBook(memory(), broken)
    const m = machine('a')
    book.learn(m, boots(...transfers.map((more, index) => fetched(index * 900, more)), discovery(transfers.length * 900)))
    return book.list([m])[0]?.window
  }
  test.each<[string, Parameters<typeof tftp>[1][], object]>([
    ['one that works is kept', [{}, {}], { used: null, source: 'usual' }],
    ['one failure says little', [{ end: 'aborted' }, {}, { end: 'aborted' }], { used: null }],
    ['two in a row halve it', [{ end: 'aborted' }, { end: 'aborted' }], { used: 8, source: 'learned', why: 'Larger windows failed 2 times in a row.' }],
    ['so do two that lose packet after packet', [{ retries: 30 }, { retries: 30 }], { used: 8 }],
    ['and again', [{ end: 'aborted' }, { end: 'aborted' }, { end: 'aborted', windowSize: 8 }, { retries: 12, windowSize: 8 }], { used: 4 }],
    ['down to one block', [{ end: 'aborted', windowSize: 2 }, { end: 'aborted', windowSize: 2 }], { used: 1 }],
    ['no window, nothing to learn', [{ end: 'aborted', windowSize: 1 }, { end: 'aborted', windowSize: 1 }], { used: null }],
    ['other files than loaders say nothing', [{ end: 'aborted', file: 'revocations.dat' }, { end: 'aborted', file: 'revocations.dat' }], { used: null }],
  ])('%s', (_, transfers, expected) => expect(after(...transfers)).toMatchObject(expected))
})
