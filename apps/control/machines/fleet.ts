import type { MachineRecord } from './record.ts'

/** What is asked of all machines together for each packet of one that is new: answered without looking at each of them. */
export interface Census {
  /** How many were only seen: they never posted facts. */
  readonly seenCount: number
  /** How many have no role. */
  readonly unassignedCount: number
  /** Those that say this UUID, in the order in which they came to it. */
  withUuid(uuid: string): readonly MachineRecord[]
}

/** The machines in memory, by id, in the order in which they came. INVARIANT: what is counted and indexed is always of the records that are in. */
export class Fleet implements Census {
  private readonly machines = new Map<string, MachineRecord>()
  private readonly names = new Map<string, Set<string>>()
  private readonly uuids = new Map<string, Set<string>>()
  seenCount = 0
  unassignedCount = 0

  constructor(loaded: Iterable<MachineRecord> = []) { for (const machine of loaded) this.set(machine) }

  get(id: string): MachineRecord | undefined { return this.machines.get(id) }
  has(id: string): boolean { return this.machines.has(id) }
  all(): IterableIterator<MachineRecord> { return this.machines.values() }

  withUuid(uuid: string): readonly MachineRecord[] { return this.among(this.uuids, uuid) }
  /** The one of this name; of several the one that has had it longest. */
  named(name: string): MachineRecord | undefined { return this.among(this.names, name)[0] }

  /** Takes a record in, in the place of the one with its id. */
  set(machine: MachineRecord): void {
    const before = this.machines.get(machine.id)
    this.count(before, -1)
    this.count(machine, 1)
    this.machines.set(machine.id, machine)
    move(this.names, machine.id, before?.name ?? null, machine.name)
    move(this.uuids, machine.id, before?.uuid ?? null, machine.uuid)
  }

  delete(id: string): void {
    const before = this.machines.get(id)
    if (before === undefined) return
    this.count(before, -1)
    this.machines.delete(id)
    move(this.names, id, before.name, null)
    move(this.uuids, id, before.uuid, null)
  }

  private among(index: ReadonlyMap<string, ReadonlySet<string>>, key: string): readonly MachineRecord[] {
    return Array.from(index.get(key) ?? [], (id) => this.machines.get(id)).filter((machine) => machine !== undefined)
  }

  private count(machine: MachineRecord | undefined, by: 1 | -1): void {
    if (machine?.phase === 'seen') this.seenCount += by
    if (machine?.intent.role === null) this.unassignedCount += by
  }
}

function move(index: Map<string, Set<string>>, id: string, from: string | null, to: string | null): void {
  if (from === to) return
  const left = from === null ? undefined : index.get(from)
  left?.delete(id)
  if (from !== null && left?.size === 0) index.delete(from)
  if (to === null) return
  const its = index.get(to) ?? new Set()
  index.set(to, its.add(id))
}
