import { parseMac } from '#contract/mac'
import type { Journal, NewLine } from '../events/journal.ts'
import type { MachineStore, RegistryChange } from '../store/machine-store.ts'
import { Fleet, type Census } from './fleet.ts'
import type { MachineRecord } from './record.ts'

/** All machines, in memory; every change is committed before anybody but netboot hears of it. */
export interface Registry {
  all(): readonly MachineRecord[]
  /** Counts and an index over all of them, as they are now. */
  readonly census: Census
  get(id: string): MachineRecord | undefined
  byMac(mac: string): MachineRecord | undefined
  /** By id, name or MAC in any spelling. */
  find(reference: string): MachineRecord | undefined
  add(machine: MachineRecord, ...lines: NewLine[]): Promise<void>
  /** Replaces a machine by what `edit` makes of it. Resolves when it is on disk with its journal lines, and rejects where it is not; does nothing where it is gone. */
  change(id: string, edit: (machine: MachineRecord) => MachineRecord, ...lines: NewLine[]): Promise<void>
  forget(id: string, ...lines: NewLine[]): Promise<void>
  /** Told after each commit, with what changed; `undefined` record: forgotten. */
  subscribe(listener: (id: string, machine: MachineRecord | undefined) => void): () => void
  /** Resolves when nothing waits to be written. */
  settled(): Promise<void>
  /** Numbers the journal lines that were committed while the journal could not be written. */
  resume(): Promise<void>
}

/**
 * The registry over registry.db.
 *
 * INVARIANTS: memory is changed at once and synchronously, so that no packet waits; commits run one at a time and take everything that
 * changed meanwhile; journal lines are committed with their change (outbox) and numbered afterwards, once. A commit that fails takes
 * everything back in memory too, as a restart would: no act rests on what is not on disk.
 */
export async function openRegistryOf(store: MachineStore, loaded: readonly MachineRecord[], journal: Journal, now: () => number, onBroken: (error: unknown) => void): Promise<Registry> {
  const machines = new Fleet(loaded)
  const stored = new Map(loaded.map((machine) => [machine.id, machine]))
  const macs = new Map<string, string>()
  const listeners = new Set<(id: string, machine: MachineRecord | undefined) => void>()
  const dirty = new Set<string>()
  let lines: RegistryChange['events'][number][] = []
  let running: Promise<void> | undefined
  const index = (machine: MachineRecord): void => { for (const mac of machine.macs) if (!macs.has(mac)) macs.set(mac, machine.id) }
  for (const machine of loaded) index(machine)

  async function drainOutbox(): Promise<void> {
    for (;;) {
      const waiting = await store.readOutbox()
      const last = waiting.at(-1)
      if (last === undefined) return
      await Promise.all(waiting.map((event) => journal.recordCommitted(event)))
      await store.clearOutbox(last.outboxId)
    }
  }
  async function write(): Promise<void> {
    while (dirty.size > 0 || lines.length > 0) {
      const ids = [...dirty]
      dirty.clear()
      const events = lines
      lines = []
      const present = ids.flatMap((id) => machines.get(id) ?? [])
      try {
        await store.commit({ machines: present, forgotten: ids.filter((id) => !machines.has(id)), events })
      } catch (error) {
        takeBack(new Set([...ids, ...dirty]))
        throw error
      }
      for (const id of ids) stored.delete(id)
      for (const machine of present) stored.set(machine.id, machine)
      // Committed is committed: lines that cannot be numbered now are numbered later.
      if (events.length > 0) await drainOutbox().catch(onBroken)
      tell(ids)
    }
  }
  function tell(ids: Iterable<string>): void {
    for (const id of ids) for (const listener of listeners) listener(id, machines.get(id))
  }
  function takeBack(ids: ReadonlySet<string>): void {
    dirty.clear()
    lines = []
    for (const id of ids) {
      const machine = stored.get(id)
      if (machine === undefined) machines.delete(id)
      else machines.set(machine)
    }
    macs.clear()
    for (const machine of machines.all()) index(machine)
    tell(ids)
  }
  function commit(id: string, news: readonly NewLine[]): Promise<void> {
    dirty.add(id)
    const at = new Date(now()).toISOString()
    lines.push(...news.map((line) => ({ at, ...line })))
    if (running === undefined) {
      running = new Promise<void>((resolve) => setImmediate(resolve)).then(write).finally(() => { running = undefined })
      // Packets change machines and wait for nobody: what they lose is said again with the next packet.
      running.catch(onBroken)
    }
    return running
  }

  await drainOutbox()
  return {
    all: () => [...machines.all()],
    census: machines,
    get: (id) => machines.get(id),
    byMac: (mac) => machines.get(macs.get(mac) ?? ''),
    find(reference) {
      const exact = machines.get(reference)
      if (exact !== undefined) return exact
      const named = machines.named(reference)
      if (named !== undefined) return named
      const mac = parseMac(reference)
      return mac === undefined ? undefined : machines.get(macs.get(mac) ?? '')
    },
    add(machine, ...news) {
      machines.set(machine)
      index(machine)
      return commit(machine.id, news)
    },
    change(id, edit, ...news) {
      const before = machines.get(id)
      if (before === undefined) return Promise.resolve()
      const after = edit(before)
      if (after === before && news.length === 0) return Promise.resolve()
      machines.set(after)
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
    settled: () => running?.catch(() => undefined) ?? Promise.resolve(),
    resume: drainOutbox,
  }
}
