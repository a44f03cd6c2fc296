import { stepTitles, type StepState } from '#contract/steps'
import type { Machine } from '#contract/operator-api'
import { renderAgo, renderBytes, renderSpan } from './amount.ts'
import type { Paint } from './paint.ts'
import { renderFacts, renderTable, untrusted } from './table.ts'

/** The fleet as a table. */
export function renderMachines(machines: readonly Machine[], paint: Paint, now: number): string {
  if (machines.length === 0) return 'No machine yet: connect one to the provisioning network and let it boot from the network.\n'
  return renderTable(['ID', 'NAME', 'MAC', 'PHASE', 'SINCE', 'ROLE', 'ADDRESS', 'HARDWARE', 'NOTE'], machines.map((machine) => [
    machine.id, machine.name, machine.mac, paint.phase(machine.phase), renderAgo(machine.phaseSince, now), role(machine), machine.address ?? '-', hardware(machine), note(machine, paint),
  ]))
}

/** One machine in full: identity, what it does now, steps, services, hardware. */
export function renderMachine(machine: Machine, paint: Paint, now: number): string {
  const { inventory, metrics, power } = machine
  const parts = [renderFacts([
    ['name', paint.bold(untrusted(machine.name))], ['id', machine.id], ['mac', machine.macs.length > 1 ? machine.macs.join(', ') : machine.mac],
    ['phase', `${paint.phase(machine.phase)}, since ${renderAgo(machine.phaseSince, now)}`], ['role', role(machine)], ['generation', String(machine.generation)],
    ['address', machine.address ?? ''], ['problem', paint.bad(untrusted(machine.problem ?? ''))], ['to do', paint.warn(untrusted(machine.attention ?? ''))],
    ['boots by', machine.bootPath], ['firmware', `${machine.firmware ?? ''} ${inventory?.firmwareVersion ?? ''}`.trim()], ['uuid', machine.uuid ?? ''],
    ['power', `${power.state} (${power.driver}; can: ${power.can.length > 0 ? power.can.join(', ') : `nothing, ${power.cannotWhy}`})`],
    ['hardware', hardware(machine)], ['cpu', inventory === null ? '' : `${inventory.cpus} × ${inventory.cpuModel}`],
    ['load', metrics === null ? '' : `${metrics.load1.toFixed(2)}, ${renderBytes(metrics.memoryAvailableBytes)} of ${renderBytes(metrics.memoryTotalBytes)} memory free, up ${renderSpan(metrics.uptimeSeconds * 1000)}`],
    ['first seen', renderAgo(machine.firstSeenAt, now)], ['last seen', renderAgo(machine.lastSeenAt, now)],
  ])]
  if (machine.steps.length > 0) parts.push(renderTable(['STEP', 'STATUS', 'TOOK', 'DETAIL'], machine.steps.map((step) => [stepTitles[step.kind], stepStatus(step, paint), took(step, now), `${step.detail}${bytes(step)}`])))
  if (machine.services.length > 0) parts.push(renderTable(['SERVICE', 'HEALTH', 'CHECKED', 'DETAIL'], machine.services.map((one) => [one.name, one.healthy ? paint.good('healthy') : paint.bad('not healthy'), renderAgo(one.checkedAt, now), one.detail])))
  if (inventory !== null) {
    parts.push(renderTable(['DISK', 'SIZE', 'MODEL', 'SERIAL', 'CONTENTS'], inventory.disks.map((disk) => [disk.name, renderBytes(disk.sizeBytes), disk.model, disk.serial, disk.contents])))
    parts.push(renderTable(['CARD', 'MAC', 'LINK', 'DRIVER', 'NEIGHBOUR'], inventory.nics.map((nic) => [nic.name, nic.mac, nic.link ? `up${nic.speedMbps === null ? '' : ` ${nic.speedMbps} Mbit/s`}` : 'down', nic.driver, nic.lldp === null ? '' : `${nic.lldp.systemName} ${nic.lldp.port}`])))
  }
  return parts.filter((part) => part !== '').join('\n')
}

/** What a machine does now, in a few words: `deploying, Write the image 43 %, 85.2 MB/s`. */
export function renderProgress(machine: Machine): string {
  const step = machine.steps.find((one) => one.status === 'running') ?? machine.steps.find((one) => one.status === 'failed')
  if (machine.phase === 'failed') return `failed: ${untrusted(machine.problem ?? step?.detail ?? 'no reason given')}`
  const todo = machine.attention === null ? '' : `; to do: ${untrusted(machine.attention)}`
  return `${machine.phase}${step === undefined || machine.phase === 'ready' ? '' : `, ${stepTitles[step.kind]}${bytes(step)}`}${todo}`
}

function role(machine: Machine): string {
  const wished = machine.intent.role
  if (machine.role !== wished && wished !== null) return machine.role === null ? `→ ${wished}` : `${machine.role} → ${wished}`
  return machine.role ?? '-'
}

function note(machine: Machine, paint: Paint): string {
  if (machine.problem !== null) return paint.bad(untrusted(machine.problem))
  if (machine.attention !== null) return paint.warn(untrusted(machine.attention))
  const step = machine.steps.find((one) => one.status === 'running')
  return step === undefined ? '' : `${stepTitles[step.kind]}${bytes(step)}`
}

function hardware(machine: Machine): string {
  const { inventory } = machine
  if (inventory === null) return ''
  const disks = inventory.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
  return `${inventory.firmware.toUpperCase()}, ${inventory.cpus} CPU, ${renderBytes(inventory.memoryBytes)}, ${renderBytes(disks)} disk`
}

function bytes(step: StepState): string {
  if (step.bytesDone === null || step.bytesTotal === null || step.bytesTotal === 0) return ''
  const rate = step.bytesPerSecond === null || step.status !== 'running' ? '' : `, ${renderBytes(step.bytesPerSecond)}/s`
  return ` ${Math.floor((100 * step.bytesDone) / step.bytesTotal)} % of ${renderBytes(step.bytesTotal)}${rate}`
}

function took(step: StepState, now: number): string {
  if (step.startedAt === null) return ''
  return renderSpan((step.finishedAt === null ? now : Date.parse(step.finishedAt)) - Date.parse(step.startedAt))
}

function stepStatus(step: StepState, paint: Paint): string {
  const colour = { waiting: paint.dim, running: paint.busy, done: paint.good, failed: paint.bad, skipped: paint.dim }
  return colour[step.status](step.status)
}
