import { randomBytes } from 'node:crypto'
import type { Inventory } from '#contract/inventory'
import type { Mac } from '#contract/mac'
import type { AgentDesk } from './agents.ts'
import { identify, inventName } from './identity.ts'
import { moved } from './phase.ts'
import { bootOfSteps } from '../plan/plan-deploy.ts'
import type { RamdiskSessions } from './ramdisk-sessions.ts'
import { newMachine, type MachineRecord } from './record.ts'
import type { Registry } from './registry.ts'

/** What taking facts needs. */
export interface ClaimDeps { readonly registry: Registry; readonly sessions: RamdiskSessions; readonly agents: AgentDesk; readonly defaultDriver: string; taken(machineId: string): void; now(): number }

/** Facts of a ramdisk: registers or updates the machine they belong to, or holds the claim where something live has that MAC or UUID already. */
export function takeFacts(deps: ClaimDeps) {
  const { registry, sessions, agents, now } = deps

  async function hold(machine: MachineRecord | undefined, why: string): Promise<{ kind: 'held'; why: string }> {
    if (machine !== undefined && machine.attention !== why)
      await registry.change(machine.id, (m) => ({ ...m, attention: why }), { machineId: machine.id, kind: 'claim.held', level: 'warn', text: why, data: {} })
    return { kind: 'held', why }
  }

  return async (mac: Mac, token: string, inventory: Inventory): Promise<{ kind: 'taken' } | { kind: 'held'; why: string }> => {
    const { uuid } = inventory
    const found = identify(registry.all(), registry.byMac(mac), uuid, now())
    if (found.kind === 'refused') return { kind: 'held', why: 'There are too many unknown machines: forget some in the console.' }
    const at = new Date(now()).toISOString()
    const present = found.kind === 'known' ? found.machine : undefined
    const expectsRamdisk = present === undefined || present.phase === 'seen' || present.phase === 'discovered' || bootOfSteps(present.steps) === 'ramdisk'
    if (present !== undefined && !expectsRamdisk && agents.isAlive(present.id)) return hold(present, `A ramdisk claims the network card ${mac} while this machine runs its installed system: find out which machine that is. It was given nothing.`)
    const twin = uuid === null ? undefined : registry.all().find((m) => m.id !== present?.id && m.uuid === uuid)
    if (twin !== undefined && agents.isAlive(twin.id)) return hold(present ?? twin, `A ramdisk on ${mac} claims the UUID of ${twin.name}, which runs: find out which machine that is. It was given nothing.`)

    const id = present?.id ?? randomBytes(6).toString('hex')
    const claim = sessions.claim({ mac, machineId: id, uuid, token })
    if (claim.kind === 'held') {
      const owner = registry.get(claim.machineId)
      return hold(present ?? owner, `Two live machines claim one ${claim.by === 'mac' ? `network card address, ${mac}` : `UUID, ${uuid ?? ''}`}${owner === undefined ? '' : ` (the first is ${owner.name})`}: turn one off or set another. The second was given nothing.`)
    }
    if (present === undefined) {
      const name = inventName(mac, (taken) => registry.find(taken) !== undefined)
      await registry.add(newMachine({ id, name, mac, uuid, now: at, powerDriver: deps.defaultDriver }), { machineId: id, kind: 'machine.seen', level: 'info', text: `Seen for the first time (${mac})`, data: { mac } })
    }
    const before = registry.get(id)
    if (before === undefined) return { kind: 'held', why: 'The machine was forgotten just now: boot it again.' }
    const after = withFacts(before, inventory, at, (other) => registry.byMac(other)?.id)
    const next = moved(after, 'inventory.posted', now()) ?? after
    const isNews = next.phase !== before.phase || JSON.stringify(before.inventory) !== JSON.stringify(inventory)
    if (!isNews && before.attention !== null) await registry.change(id, (m) => ({ ...m, attention: null }))
    if (isNews) await registry.change(id, (m) => {
      const latest = withFacts(m, inventory, at, (other) => registry.byMac(other)?.id)
      return { ...(moved(latest, 'inventory.posted', now()) ?? latest), phaseDeadline: m.phase === 'seen' ? null : m.phaseDeadline }
    }, { machineId: id, kind: 'inventory.posted', level: 'info', text: summary(inventory), data: {} })
    deps.taken(id)
    return { kind: 'taken' }
  }
}

function withFacts(machine: MachineRecord, inventory: Inventory, at: string, ownerOf: (mac: string) => string | undefined): MachineRecord {
  const own = inventory.nics.map((nic) => nic.mac).filter((mac) => { const owner = ownerOf(mac); return owner === undefined || owner === machine.id })
  return { ...machine, inventory, uuid: inventory.uuid, firmware: inventory.firmware, macs: [...new Set([...machine.macs, ...own])], lastSeenAt: at, attention: null }
}

const summary = (i: Inventory): string =>
  `Says what it is: ${i.manufacturer} ${i.product}, ${i.cpus} × ${i.cpuModel}, ${(i.memoryBytes / 1024 ** 3).toFixed(1)} GiB memory, ${i.disks.length} ${i.disks.length === 1 ? 'disk' : 'disks'}`
