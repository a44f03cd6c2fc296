import { z } from 'zod'
import type { JournalEvent } from '#contract/events'
import { Inventory } from '#contract/inventory'
import { phases } from '#contract/lifecycle'
import { ServiceHealth } from '#contract/operator-api'
import { StepState } from '#contract/steps'
import type { MachineRecord } from '../machines/record.ts'
import type { RegistryClient } from './registry-stores.ts'

/** A journal line on its way: committed with a change, not numbered yet. */
export interface OutboxEvent extends Omit<JournalEvent, 'seq'> { readonly outboxId: number }

/** One commit's worth of changes. */
export interface RegistryChange {
  readonly machines: readonly MachineRecord[]
  readonly forgotten: readonly string[]
  readonly events: readonly Omit<JournalEvent, 'seq'>[]
}

/** Machines, their intents and the outbox. */
export interface MachineStore {
  /** Commits a change and its journal lines together. */
  commit(change: RegistryChange): Promise<void>
  /** The journal lines that wait for their numbers, oldest first. */
  readOutbox(): Promise<OutboxEvent[]>
  /** Removes the lines up to and with `outboxId`: the journal has them. */
  clearOutbox(outboxId: number): Promise<void>
  /** All machines, as they were committed last. */
  load(): Promise<MachineRecord[]>
}

/** The machine store over registry.db. */
export function machineStore(client: RegistryClient): MachineStore {
  return {
    commit: (change) => commitChange(client, change),
    readOutbox: () => readOutbox(client),
    clearOutbox: async (outboxId) => void (await client.outbox.deleteMany({ where: { id: { lte: outboxId } } })),
    load: () => loadMachines(client),
  }
}

const machineColumns = (m: MachineRecord) => ({
  name: m.name, mac: m.mac, macsJson: JSON.stringify(m.macs), uuid: m.uuid, phase: m.phase, phaseSince: m.phaseSince, phaseDeadline: m.phaseDeadline, address: m.address,
  firmware: m.firmware, bootPath: m.bootPath, inventoryJson: m.inventory === null ? null : JSON.stringify(m.inventory), servicesJson: JSON.stringify(m.services), problem: m.problem,
  attention: m.attention, powerDriver: m.powerDriver, powerJson: JSON.stringify(m.powerOptions), firstSeenAt: m.firstSeenAt, lastSeenAt: m.lastSeenAt,
})
const intentColumns = (m: MachineRecord) => ({ generation: m.intent.generation, role: m.intent.role, imageId: m.intent.imageId, disk: m.intent.diskSerial, erase: m.intent.erase, release: m.intent.release, stepsJson: JSON.stringify(m.steps) })

async function commitChange(client: RegistryClient, change: RegistryChange): Promise<void> {
  await client.$transaction([
    client.machine.deleteMany({ where: { id: { in: [...change.forgotten] } } }),
    ...change.machines.flatMap((m) => [
      client.machine.upsert({ where: { id: m.id }, create: { id: m.id, ...machineColumns(m) }, update: machineColumns(m) }),
      client.intent.upsert({ where: { machineId: m.id }, create: { machineId: m.id, ...intentColumns(m) }, update: intentColumns(m) }),
    ]),
    client.outbox.createMany({ data: change.events.map((e) => ({ at: e.at, machineId: e.machineId, kind: e.kind, level: e.level, text: e.text, dataJson: JSON.stringify(e.data) })) }),
  ])
}

async function readOutbox(client: RegistryClient): Promise<OutboxEvent[]> {
  const rows = await client.outbox.findMany({ orderBy: { id: 'asc' }, take: 500 })
  return rows.map((row) => ({ outboxId: row.id, at: row.at, machineId: row.machineId, kind: row.kind, level: row.level as JournalEvent['level'], text: row.text, data: JSON.parse(row.dataJson) as Record<string, unknown> }))
}

async function loadMachines(client: RegistryClient): Promise<MachineRecord[]> {
  const rows = await client.machine.findMany({ include: { intent: true }, orderBy: { firstSeenAt: 'asc' } })
  return rows.map((row) => ({
    id: row.id, name: row.name, mac: row.mac, macs: z.array(z.string()).parse(JSON.parse(row.macsJson)), uuid: row.uuid, phase: z.enum(phases).parse(row.phase), phaseSince: row.phaseSince,
    phaseDeadline: row.phaseDeadline, address: row.address, firmware: z.enum(['bios', 'uefi']).nullable().parse(row.firmware), bootPath: row.bootPath,
    inventory: row.inventoryJson === null ? null : Inventory.parse(JSON.parse(row.inventoryJson)), services: z.array(ServiceHealth).parse(JSON.parse(row.servicesJson)), problem: row.problem,
    attention: row.attention, powerDriver: row.powerDriver, powerOptions: JSON.parse(row.powerJson) as Record<string, unknown>, firstSeenAt: row.firstSeenAt, lastSeenAt: row.lastSeenAt,
    intent: { generation: row.intent?.generation ?? 0, role: row.intent?.role ?? null, imageId: row.intent?.imageId ?? null, diskSerial: row.intent?.disk ?? null, erase: row.intent?.erase ?? false, release: row.intent?.release ?? false },
    steps: z.array(StepState).parse(JSON.parse(row.intent?.stepsJson ?? '[]')),
  }))
}
