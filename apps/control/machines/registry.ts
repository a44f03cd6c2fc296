import { parseMac } from '#contract/mac'
import type { Journal, NewLine } from '../events/journal.ts'
import { clearOutbox, commitChange, readOutbox, type RegistryChange, type RegistryClient } from '../store/registry-store.ts'
import type { MachineRecord } from './record.ts'

/** All machines, in memory; every change is committed before anybody but netboot hears of it. */
export interface Registry {
  all(): readonly MachineRecord[]
  get(id: string): MachineRecord | undefined
  byMac(mac: string): MachineRecord | undefined
  /** By id, name or MAC in any spelling. */
  find(reference: string): MachineRecord | undefined
  add(machine: MachineRecord, ...lines: NewLine[]): Promise<void>
  /** Replaces a machine by what `edit` makes of it. Resolves when it is on disk with its journal lines; does nothing where it is gone. */
  change(id: string, edit: (machine: MachineRecord) => MachineRecord, ...lines: NewLine[]): Promise<void>
  forget(id: string, ...lines: NewLine[]): Promise<void>
  /** Told after each commit, with what changed; `undefined` record: forgotten. */
  subscribe(listener: (id: string, machine: MachineRecord | undefined) => void): () => void
  /** Resolves when nothing waits to be written. */
  settled(): Promise<void>
}

/**
 * The registry over registry.db.
 *
 * INVARIANTS: memory is changed at once and synchronously, so that no packet waits; commits run one at a time and take everything that
 * changed meanwhile; journal lines are committed with their change (outbox) and numbered afterwards, once.
 */
export async function openRegistryOf(client: RegistryClient, loaded: readonly MachineRecord[], journal: Journal, now: () => number): Promise<Registry> {
  const machines = new Map(loaded.map((machine) => [machine.id, machine]))
  const macs = new Map<string, string>()
  const listeners = new Set<(id: string, machine: MachineRecord | undefined) => void>()
  const dirty = new Set<string>()
  let lines: RegistryChange['events'][number][] = []
  let running: Promise<void> | undefined
  const index = (machine: MachineRecord): void => { for (const mac of machine.macs) if (!macs.has(mac)) macs.set(mac, machine.id) }
  for (const machine of loaded) index(machine)

  async function drainOutbox(): Promise<void> {
    for (;;) {
      const waiting = await readOutbox(client)
      const last = waiting.at(-1)
      if (last === undefined) return
      await Promise.all(waiting.map((event) => journal.recordCommitted(event)))
      await clearOutbox(client, last.outboxId)
    }
  }
  async function write(): Promise<void> {
    while (dirty.size > 0 || lines.length > 0) {
      const ids = [...dirty]
      dirty.clear()
      const events = lines
      lines = []
      const present = ids.flatMap((id) => machines.get(id) ?? [])
      await commitChange(client, { machines: present, forgotten: ids.filter((id) => !machines.has(id)), events })
      if (events.length > 0) await drainOutbox()
      for (const id of ids) for (const listener of listeners) listener(id, machines.get(id))
      // Prisma's promises never let the event loop turn: without this, packets wait for as long as changes keep coming.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  function commit(id: string, news: readonly NewLine[]): Promise<void> {
    dirty.add(id)
    const at = new Date(now()).toISOString()
    lines.push(...news.map((line) => ({ at, ...line })))
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(write).finally(() => { running = undefined })
    return running
  }

  await drainOutbox()
  return {
    all: () => [...machines.values()],
    get: (id) => machines.get(id),
    byMac: (mac) => machines.get(macs.get(mac) ?? ''),
    find(reference) {
      const exact = machines.get(reference)
      if (exact !== undefined) return exact
      for (const machine of machines.values()) if (machine.name === reference) return machine
      const mac = parseMac(reference)
      return mac === undefined ? undefined : machines.get(macs.get(mac) ?? '')
    },
    add(machine, ...news) {
      machines.set(machine.id, machine)
      index(machine)
      return commit(machine.id, news)
    },
    change(id, edit, ...news) {
      const before = machines.get(id)
      if (before === undefined) return Promise.resolve()
      const after = edit(before)
      if (after === before && news.length === 0) return Promise.resolve()
      machines.set(id, after)
      index(after)
      return commit(id, news)
    },
    forget(id, ...news) {
      machines.delete(id)
      for (const [mac, owner] of macs) if (owner === id) macs.delete(mac)
      return commit(id, news)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    settled: () => running ?? Promise.resolve(),
  }
}
