import { randomBytes } from 'node:crypto'
import type { Inventory } from '#contract/inventory'
import type { Mac } from '#contract/mac'
import type { AgentDesk } from '../agents/agents.ts'
import type { ClaimDesk, Claimant } from './held-claims.ts'
import { identify, inventName, isWorthless } from './identity.ts'
import { moved } from '../phase.ts'
import { bootOfSteps } from '../../plan/plan-deploy.ts'
import type { RamdiskSessions } from '../ramdisk/sessions.ts'
import { newMachine, type MachineRecord } from '../record.ts'
import type { Registry } from '../registry.ts'

/** What taking facts needs. */
export interface ClaimDeps { readonly registry: Registry; readonly sessions: RamdiskSessions; readonly agents: AgentDesk; readonly claims: ClaimDesk; readonly defaultDriver: string; taken(machineId: string): void; now(): number }

/** Facts of a ramdisk: registers or updates the machine they belong to, or holds the claim where something live has that MAC or UUID already. */
export function takeFacts(deps: ClaimDeps) {
  const { registry, sessions, agents, claims, now } = deps

  /** What a person said of this claim, where one did; else it is held. */
  async function judge(claimant: Claimant): Promise<{ kind: 'held'; why: string } | { kind: 'accepted' }> {
    const { claim, isNews } = claims.meet(claimant)
    if (claim.state === 'accepted') return { kind: 'accepted' }
    // Both hear of it: the one that lives, and the one whose boot ends here.
    if (isNews && claim.state === 'held') for (const machineId of new Set([claim.machineId, claimant.claimantId ?? claim.machineId])) await registry.change(machineId, (m) => m, { machineId, kind: 'claim.held', level: 'warn', text: claim.why, data: { claim: claim.id, mac: claim.mac } })
    return { kind: 'held', why: claim.state === 'rejected' ? 'A person rejected this claim: the machine is given nothing.' : claim.why }
  }

  return async (mac: Mac, token: string, inventory: Inventory): Promise<{ kind: 'taken' } | { kind: 'held'; why: string }> => {
    const { uuid } = inventory
    const found = identify(registry.census, registry.byMac(mac), uuid, now())
    if (found.kind === 'refused') return { kind: 'held', why: 'There are too many machines without a role: forget some in the console.' }
    const at = new Date(now()).toISOString()
    const present = found.kind === 'known' ? found.machine : undefined
    const claimant = { mac, uuid, token, hardware: hardwareOf(inventory), claimantId: present?.id ?? null }
    const expectsRamdisk = present === undefined || present.phase === 'seen' || present.phase === 'discovered' || bootOfSteps(present.steps) === 'ramdisk'
    if (present !== undefined && !expectsRamdisk && agents.isAlive(present.id)) {
      const judged = await judge({
        ...claimant, machineId: present.id, kind: 'agent', why: `A ramdisk claims the network card ${mac} while the installed system of ${present.name} runs: find out which machine that is. It was given nothing.`,
        acceptMeans: `The installed system of ${present.name} loses its identity and leaves the cloud; the machine begins again as discovered.`,
      })
      if (judged.kind === 'held') return judged
    }
    const isLive = (m: MachineRecord): boolean => agents.isAlive(m.id) || sessions.liveSince(m.id) !== undefined
    const twinsOf = uuid === null || isWorthless(uuid) ? [] : registry.census.withUuid(uuid).filter((m) => m.id !== present?.id && isLive(m))
    const twin = twinsOf.find((m) => !claims.areApart(m, { id: present?.id ?? '', mac }))
    const twins = twin === undefined ? undefined : await judge({
      ...claimant, machineId: twin.id, kind: 'uuid', why: `Another machine, on ${mac}, says the UUID of ${twin.name}, which runs: find out which machine that is. It was given nothing.`,
      acceptMeans: 'It is let in as a machine of its own: from now on the two are told apart by their network cards.',
    })
    if (twins?.kind === 'held') return twins

    const id = present?.id ?? randomBytes(6).toString('hex')
    const claim = sessions.claim({ mac, machineId: id, uuid: uuid === null || isWorthless(uuid) ? null : uuid, token, apart: twinsOf.length > 0 })
    if (claim.kind === 'held') {
      const owner = registry.get(claim.machineId)
      const name = owner?.name ?? 'another machine'
      const judged = await judge({
        ...claimant, machineId: claim.machineId, kind: claim.by, why: claim.by === 'mac' ? `Two live machines claim one network card address, ${mac} (the first is ${name}): turn one off or set another. The second was given nothing.`
          : `Two live machines claim one UUID, ${uuid ?? ''} (the first is ${name}): turn one off or set another. The second was given nothing.`,
        acceptMeans: claim.by === 'mac' ? `The second becomes ${name}; the first is given nothing any more.` : 'It is let in as a machine of its own: from now on the two are told apart by their network cards.',
      })
      // An accepted claim has its session already; that this one has not means that the answer came between.
      return judged.kind === 'held' ? judged : { kind: 'held', why: 'This claim was accepted just now: ask again.' }
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
    if (!isNews) await registry.change(id, (m) => (m.attention === null ? m : { ...m, attention: null }), { machineId: id, kind: 'inventory.repeated', level: 'debug', text: 'Says what it is: nothing has changed', data: {} })
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

const hardwareOf = (i: Inventory): string => [`${i.manufacturer} ${i.product}`.trim() || 'a machine', i.serial === '' ? '' : `serial ${i.serial}`].filter((part) => part !== '').join(', ')

const summary = (i: Inventory): string =>
  `Says what it is: ${i.manufacturer} ${i.product}, ${i.cpus} × ${i.cpuModel}, ${(i.memoryBytes / 1024 ** 3).toFixed(1)} GiB memory, ${i.disks.length} ${i.disks.length === 1 ? 'disk' : 'disks'}`
