import { type Phase, phases } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'

/** The machines that match every word of `search` in what is known of them, in the phases asked for (none means all), by name. */
export function filterFleet(machines: readonly Machine[], search: string, wanted: ReadonlySet<Phase>): Machine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return machines
    .filter((machine) => wanted.size === 0 || wanted.has(machine.phase))
    .filter((machine) => {
      if (words.length === 0) return true
      const known = knownText(machine)
      return words.every((word) => known.includes(word))
    })
    .sort((a, b) => compareNames(a.name, b.name) || a.id.localeCompare(b.id))
}

/** What the appliance calls a machine that nobody has named: the end of its MAC. */
const invented = /^(machine|simulated)-[0-9a-f]{4,12}$/

/** People count (rack-2 before rack-10); the end of a MAC is hexadecimal, and in its order character by character. */
function compareNames(a: string, b: string): number {
  if (invented.test(a) && invented.test(b)) return a < b ? -1 : a > b ? 1 : 0
  return a.localeCompare(b, 'en', { numeric: true })
}

function knownText({ id, name, macs, mac, address, phase, role, inventory, uuid, problem }: Machine): string {
  const parts = inventory ? [inventory.manufacturer, inventory.product, inventory.serial, inventory.assetTag, ...inventory.disks.flatMap((disk) => [disk.serial, disk.model])] : []
  return [id, name, mac, ...macs, address, phase, role, uuid, problem, ...parts].filter(Boolean).join(' ').toLowerCase()
}

/** How many machines are in each phase, in the order of a machine's life, phases without any left out. */
export function countPhases(machines: readonly Machine[]): { phase: Phase, count: number }[] {
  const counts = new Map<Phase, number>()
  for (const { phase } of machines) counts.set(phase, (counts.get(phase) ?? 0) + 1)
  return phases.flatMap((phase) => (counts.has(phase) ? [{ phase, count: counts.get(phase) ?? 0 }] : []))
}

/** What the machine is, in few words: maker and product, size. Empty before the inventory. */
export function describeHardware({ inventory }: Machine): string {
  if (!inventory) return ''
  return [inventory.manufacturer, inventory.product].filter(Boolean).join(' ')
}

/** The running step and how far it is in percent, where that is known. */
export function currentStep({ steps }: Machine): { kind: Machine['steps'][number]['kind'], percent: number | null } | undefined {
  const step = steps.find(({ status }) => status === 'running') ?? steps.find(({ status }) => status === 'failed')
  if (!step) return undefined
  return { kind: step.kind, percent: step.bytesDone !== null && step.bytesTotal ? Math.min(100, (100 * step.bytesDone) / step.bytesTotal) : null }
}
