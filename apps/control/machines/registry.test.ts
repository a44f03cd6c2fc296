import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJournal } from '../events/journal.ts'
import { openHotStore } from '../store/hot.ts'
import { migrate } from '../store/migrate.ts'
import type { MachineStore } from '../store/machine-store.ts'
import { NotStored } from '../store/not-stored.ts'
import { openRegistry } from '../store/registry-database.ts'
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
    const registry = await openRegistryOf(client.machines, await client.machines.load(), journal, () => Date.parse(at), (error) => { throw error })
    return { hot, client, journal, registry, close: async () => { await registry.settled(); await hot.close(); await client.close() } }
  }
  return { open }
}

describe('the registry', { timeout: 60_000 }, () => {
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
    expect(await second.client.machines.load()).toEqual([])
    await second.close()
  })

  it('tells of a change only after it is on disk, and commits what came meanwhile together', async () => {
    const { open } = await setup()
    const { registry, client, journal, close } = await open()
    await registry.add(machine('a', '52:54:00:00:00:01'))
    const seen: string[] = []
    registry.subscribe((id) => void client.machines.load().then((all) => seen.push(`${id} ${all[0]?.name ?? ''}`)))
    await Promise.all([1, 2, 3].map((n) => registry.change('a', (m) => ({ ...m, name: `n${n}` }), line(`to n${n}`))))
    expect(journal.read({ after: 0, limit: 10 }).map((event) => event.text)).toEqual(['to n1', 'to n2', 'to n3'])
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(new Set(seen)).toEqual(new Set(['a n3']))
    await close()
  })

  it('numbers a line that a kill left in the outbox, once', async () => {
    const { open } = await setup()
    const first = await open()
    await first.client.machines.commit({ machines: [], forgotten: [], events: [{ at, ...line('left behind') }] })
    // Killed between the journal and the outbox: the line is in both.
    const [waiting] = await first.client.machines.readOutbox()
    if (waiting !== undefined) await first.journal.recordCommitted(waiting)
    await first.close()
    const second = await open()
    expect(second.journal.read({ after: 0, limit: 10 }).map((event) => event.text)).toEqual(['left behind'])
    expect(await second.client.machines.readOutbox()).toEqual([])
    await second.client.machines.clearOutbox(99)
    await second.close()
  })

  it('takes a change back that cannot be stored, and tells those who wait', async () => {
    const disk = { isFull: false, commits: 0 }
    const store: MachineStore = {
      commit: async () => { if (disk.isFull) throw new NotStored('the disk is full'); disk.commits += 1 },
      readOutbox: async () => [], clearOutbox: async () => undefined, load: async () => [],
    }
    const hot = openHotStore(path.join(mkdtempSync(path.join(tmpdir(), 'sc-registry-')), 'hot.db'))
    const registry = await openRegistryOf(store, [], openJournal(hot, () => 0, () => undefined), () => 0, () => undefined)
    await registry.add(machine('a', '52:54:00:00:00:01'))
    disk.isFull = true
    const outcomes = await Promise.allSettled([
      registry.change('a', (m) => ({ ...m, name: 'other', macs: [...m.macs, '52:54:00:00:00:09'] })), registry.add(machine('b', '52:54:00:00:00:02')), registry.forget('a'),
    ])
    expect(outcomes.map((one) => one.status === 'rejected' && one.reason instanceof NotStored)).toEqual([true, true, true])
    expect(registry.all().map((m) => m.name)).toEqual(['name-a'])
    expect([registry.byMac('52:54:00:00:00:01')?.id, registry.byMac('52:54:00:00:00:09'), registry.byMac('52:54:00:00:00:02')]).toEqual(['a', undefined, undefined])
    disk.isFull = false
    await registry.change('a', (m) => ({ ...m, name: 'other' }))
    expect([registry.find('other')?.id, disk.commits]).toEqual(['a', 2])
    await hot.close()
  })
})
