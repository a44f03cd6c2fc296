import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJournal } from '../events/journal.ts'
import { openHotStore } from '../store/hot.ts'
import { migrate } from '../store/migrate.ts'
import { clearOutbox, commitChange, loadMachines, openRegistry, readOutbox } from '../store/registry-store.ts'
import { newMachine } from './record.ts'
import { openRegistryOf } from './registry.ts'

const at = '2026-01-01T00:00:00.000Z'
const machine = (id: string, mac: string) => newMachine({ id, name: `name-${id}`, mac, uuid: null, now: at, powerDriver: 'manual' })
const line = (text: string) => ({ machineId: 'a', kind: 'test.happened', level: 'info' as const, text, data: {} })

async function setup() {
  const folder = mkdtempSync(path.join(tmpdir(), 'sc-registry-'))
  migrate(path.join(folder, 'registry.db'), path.join(import.meta.dirname, '../../../prisma/migrations'))
  const open = async () => {
    const [hot, client] = [openHotStore(path.join(folder, 'hot.db')), openRegistry(path.join(folder, 'registry.db'))]
    const journal = openJournal(hot, () => Date.parse(at), (error) => { throw error })
    const registry = await openRegistryOf(client, await loadMachines(client), journal, () => Date.parse(at))
    return { hot, client, journal, registry, close: async () => { await registry.settled(); await hot.close(); await client.$disconnect() } }
  }
  return { open }
}

describe('the registry', () => {
  it('finds by id, name and MAC in any spelling, also after it was opened again', async () => {
    const { open } = await setup()
    const first = await open()
    await first.registry.add(machine('a', '52:54:00:00:00:01'), line('one'))
    await first.registry.change('a', (m) => ({ ...m, macs: [...m.macs, '52:54:00:00:00:02'] }))
    await first.close()
    const second = await open()
    for (const name of ['a', 'name-a', '52-54-00-00-00-01', '525400000002']) expect(second.registry.find(name)?.id).toBe('a')
    expect(second.registry.find('b')).toBeUndefined()
    await second.registry.forget('a')
    expect(second.registry.byMac('52:54:00:00:00:01')).toBeUndefined()
    expect(await loadMachines(second.client)).toEqual([])
    await second.close()
  })

  it('tells of a change only after it is on disk, and commits what came meanwhile together', async () => {
    const { open } = await setup()
    const { registry, client, journal, close } = await open()
    await registry.add(machine('a', '52:54:00:00:00:01'))
    const seen: string[] = []
    registry.subscribe((id) => void loadMachines(client).then((all) => seen.push(`${id} ${all[0]?.name ?? ''}`)))
    await Promise.all([1, 2, 3].map((n) => registry.change('a', (m) => ({ ...m, name: `n${n}` }), line(`to n${n}`))))
    expect(journal.read({ after: 0, limit: 10 }).map((event) => event.text)).toEqual(['to n1', 'to n2', 'to n3'])
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(new Set(seen)).toEqual(new Set(['a n3']))
    await close()
  })

  it('numbers a line that a kill left in the outbox, once', async () => {
    const { open } = await setup()
    const first = await open()
    await commitChange(first.client, { machines: [], forgotten: [], events: [{ at, ...line('left behind') }] })
    // Killed between the journal and the outbox: the line is in both.
    const [waiting] = await readOutbox(first.client)
    if (waiting !== undefined) await first.journal.recordCommitted(waiting)
    await first.close()
    const second = await open()
    expect(second.journal.read({ after: 0, limit: 10 }).map((event) => event.text)).toEqual(['left behind'])
    expect(await readOutbox(second.client)).toEqual([])
    await clearOutbox(second.client, 99)
    await second.close()
  })
})
