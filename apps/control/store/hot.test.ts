import Database from 'better-sqlite3'
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Lease } from '#netboot/site'
import { openHotStore, type HotStore } from './hot.ts'

const newFile = (): string => path.join(mkdtempSync(path.join(tmpdir(), 'sc-hot-')), 'hot.db')
const lease = (n: number): Lease => ({ networkId: 'n', address: `10.0.${n >> 8}.${n & 255}`, mac: '52:54:00:00:00:01', clientId: '', hostname: '', state: 'bound', startedAtMs: 0, expiresAtMs: n })
const event = (text: string, outboxId?: number) => ({ at: '2026-01-01T00:00:00.000Z', machineId: 'm', kind: 'k.k', level: 'info' as const, text, data: {}, ...(outboxId === undefined ? {} : { outboxId }) })

describe('hot store', { timeout: 60_000 }, () => {
  it('numbers events in the order asked and gives them back after a number', async () => {
    const store = openHotStore(newFile())
    const seqs = (await Promise.all(['a', 'b', 'c'].map((text) => store.append(event(text))))).map((e) => e?.seq)
    expect(seqs).toEqual([1, 2, 3])
    expect(store.events({ after: 1, limit: 10 }).map((e) => e.text)).toEqual(['b', 'c'])
    expect(store.events({ machineId: 'other', after: 0, limit: 10 })).toEqual([])
    await store.close()
  })

  it('takes an outbox line once', async () => {
    const store = openHotStore(newFile())
    expect(await store.append(event('a', 7))).toBeDefined()
    expect(await store.append(event('a', 7))).toBeUndefined()
    expect(store.events({ after: 0, limit: 10 })).toHaveLength(1)
    await store.close()
  })

  it('has every acknowledged lease after kill -9', async () => {
    const file = newFile()
    const program = `const { openHotStore } = await import(${JSON.stringify(path.join(import.meta.dirname, 'hot.ts'))})
const s = openHotStore(process.argv[2])
for (let n = 0; ; n += 1) { await s.commitLease({ networkId: 'n', address: '10.0.' + (n >> 8) + '.' + (n & 255), mac: 'm', clientId: '', hostname: '', state: 'bound', startedAtMs: 0, expiresAtMs: n }); console.log(n) }`
    const script = path.join(path.dirname(file), 'write.mts')
    await import('node:fs').then((fs) => fs.writeFileSync(script, program))
    const acknowledged = await new Promise<number>((resolve) => {
      const child = execFile(process.execPath, ['--import', 'tsx', script, file], { cwd: path.join(import.meta.dirname, '../../..') }, (_, stdout) => resolve(Number(stdout.trim().split('\n').at(-1))))
      child.stdout?.on('data', (text: string) => { if (/^2\d$/m.test(text)) child.kill('SIGKILL') })
    })
    expect(acknowledged).toBeGreaterThanOrEqual(20)
    const store = openHotStore(file)
    expect(store.leases().length).toBeGreaterThanOrEqual(acknowledged + 1)
    await store.close()
  }, 30_000)

  it('commits in the order asked, and lets one write that makes no sense harm no other', async () => {
    const file = newFile()
    const store = openHotStore(file)
    const outcomes = await Promise.allSettled(Array.from({ length: 500 }, (_, n) => store.commitLease(n === 250 ? { ...lease(1), address: {} as string } : { ...lease(1), expiresAtMs: n })))
    expect(outcomes.filter((one) => one.status === 'rejected')).toHaveLength(1)
    expect(store.leases()).toEqual([{ ...lease(1), expiresAtMs: 499 }])
    expect(store.figures().commits).toBeLessThan(50)
    await store.close()
  })

  it('has whose address it was that somebody else was found on, after it was opened again', async () => {
    const file = newFile()
    const store = openHotStore(file)
    const conflict: Lease = { ...lease(1), mac: '52:54:00:00:00:09', state: 'conflict', displaced: { mac: '52:54:00:00:00:01', untilMs: 5 } }
    await store.commitLease(conflict)
    await store.close()
    const again = openHotStore(file)
    expect(again.leases()).toEqual([conflict])
    await again.close()
  })

  it('takes over leases that the first version stored, and prunes the oldest lines', async () => {
    const file = newFile()
    const old = new Database(file)
    old.exec('CREATE TABLE lease (network TEXT NOT NULL, address TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (network, address))')
    old.prepare('INSERT INTO lease VALUES (?, ?, ?)').run('n', '10.0.0.1', JSON.stringify({ ...lease(1), clientId: 'ff' }))
    old.close()
    const store = openHotStore(file)
    expect(store.leases()).toEqual([{ ...lease(1), clientId: 'ff' }])
    await Promise.all(Array.from({ length: 2500 }, (_, n) => store.append(event(String(n)))))
    await store.prune(10)
    expect(store.events({ after: 0, limit: 100 }).map((e) => e.seq)).toEqual(Array.from({ length: 10 }, (_, n) => 2491 + n))
    await store.close()
  })

  it('takes over the leases of the second version, and keeps one row for each address', async () => {
    const file = newFile()
    const old = new Database(file)
    old.exec('CREATE TABLE leases (network TEXT NOT NULL, address TEXT NOT NULL, mac TEXT NOT NULL, state TEXT NOT NULL, started INTEGER NOT NULL, expires INTEGER NOT NULL, more TEXT NOT NULL, PRIMARY KEY (network, address)) WITHOUT ROWID')
    for (const { networkId, address, mac, state, startedAtMs, expiresAtMs, ...more } of [lease(1), lease(2)]) old.prepare('INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?)').run(networkId, address, mac, state, startedAtMs, expiresAtMs, JSON.stringify(more))
    old.pragma('user_version = 1')
    old.close()
    const byAddress = (store: HotStore) => store.leases().sort((a, b) => (a.address < b.address ? -1 : 1))
    const store = openHotStore(file)
    expect(byAddress(store)).toEqual([lease(1), lease(2)])
    const renewed = { ...lease(1), expiresAtMs: lease(1).expiresAtMs + 1000 }
    await Promise.all([store.commitLease(lease(3)), store.commitLease({ ...renewed, hostname: 'before' }), store.commitLease(renewed)])
    expect(byAddress(store)).toEqual([renewed, lease(2), lease(3)])
    await store.close()
    const again = openHotStore(file)
    await again.commitLease(lease(1))
    expect(byAddress(again)).toEqual([lease(1), lease(2), lease(3)])
    await again.close()
    const raw = new Database(file)
    expect(raw.prepare('SELECT count(*) FROM leases').pluck().get()).toBe(3)
    raw.close()
  })

  it('keeps one row for an address also after a batch that was taken back', async () => {
    const file = newFile()
    const store = openHotStore(file)
    await store.commitLease(lease(1))
    const renewed = { ...lease(1), expiresAtMs: lease(1).expiresAtMs + 1000 }
    // A state that cannot be stored takes its batch with it; the others are then written one by one.
    const outcomes = await Promise.allSettled([store.commitLease(renewed), store.commitLease({ ...lease(2), state: null as unknown as 'bound' })])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    await store.commitLease(lease(1))
    expect(store.leases()).toEqual([lease(1)])
    await store.close()
  })

  it('keeps facts by bucket, also after it was opened again', async () => {
    const file = newFile()
    const store = openHotStore(file)
    await store.put('setting', 'a', '1')
    void store.put('setting', 'a', '2')
    expect(store.get('setting', 'a')).toBe('2')
    expect(store.get('secret', 'a')).toBeUndefined()
    await store.commitLease(lease(1))
    expect(store.leases()).toEqual([lease(1)])
    await store.close()
    const again = openHotStore(file)
    expect(again.get('setting', 'a')).toBe('2')
    await again.remove('setting', 'a')
    expect(again.entries('setting')).toEqual([])
    await again.close()
  })
})
