import { simulatedMacPrefix } from '#contract/simulated'
import { seededRandom } from '../random.ts'

/** What can go wrong with a simulated machine, by the word that a person asks for it with. */
export const faultNames = ['loss', 'duplicate', 'reorder', 'slow', 'crash', 'loop', 'late'] as const
export type FaultName = (typeof faultNames)[number]

/** Where a life may end early: at the beginning of that stage. */
export const stages = ['firmware', 'loader', 'ipxe', 'script', 'images', 'ramdisk'] as const
export type Stage = (typeof stages)[number]

/** What goes wrong with one machine. Shares are of its datagrams, each way. */
export interface Faults {
  readonly lossShare: number
  readonly duplicateShare: number
  readonly reorderShare: number
  /** It takes no more of an HTTP answer than this; null: as fast as it comes. */
  readonly slowBytesPerSecond: number | null
  /** Lives that end early, one after the other: it loses power at the beginning of that stage and is powered on again. */
  readonly crashes: readonly Stage[]
  /** For this long after power-on its switch port passes nothing, as with spanning tree. */
  readonly deafMs: number
}

/** One simulated machine, before it is powered on. */
export interface MachinePlan {
  readonly index: number
  readonly mac: string
  readonly uuid: string
  readonly serial: string
  /** `pxe` firmware loads iPXE by TFTP; `http` is UEFI HTTP Boot. */
  readonly firmware: 'bios' | 'pxe' | 'http'
  readonly powerOnMs: number
  readonly seed: number
  readonly faults: Faults
}

/** What to simulate. */
export interface StormPlan {
  readonly machines: number
  readonly seed: number
  /** All machines are powered on within this time. */
  readonly withinMs: number
  readonly faults: readonly FaultName[]
  /** How long a switch port stays deaf where the fault is `late`. */
  readonly deafMs: number
}

/** Each fault strikes every fifth machine. */
const struckShare = 0.2

/** The machines of a storm: the same plan gives the same machines, with the same faults at the same moments, every time. */
export function planStorm(plan: StormPlan): MachinePlan[] {
  if (plan.machines < 1 || plan.machines > 0x10000) throw new Error(`a storm has 1 to ${0x10000} machines`)
  return Array.from({ length: plan.machines }, (_, index) => planMachine(plan, index))
}

function planMachine(plan: StormPlan, index: number): MachinePlan {
  const random = seededRandom(Math.imul(plan.seed, 0x9e3779b1) ^ index)
  // A die for every fault, wanted or not: asking for one fault more changes nothing else.
  const firmwareDie = random()
  const powerOnMs = Math.floor(random() * plan.withinMs)
  const struck = new Set(faultNames.filter((name) => random() < struckShare && plan.faults.includes(name)))
  const [crashDie, loopDie, slowDie, seedDie] = [random(), random(), random(), random()]
  const crashes = [
    ...(struck.has('crash') ? [stages[Math.floor(crashDie * stages.length)] ?? 'loader'] : []),
    ...(struck.has('loop') ? Array.from({ length: 2 + Math.floor(loopDie * 3) }, (): Stage => 'ramdisk') : []),
  ]
  const number = index.toString(16).padStart(4, '0')
  return {
    index, mac: `${simulatedMacPrefix}:${number.slice(0, 2)}:${number.slice(2)}`, uuid: `51300000-0000-4000-8000-00000000${number}`, serial: `SIM-${String(index).padStart(5, '0')}`,
    firmware: firmwareDie < 0.5 ? 'bios' : firmwareDie < 0.9 ? 'pxe' : 'http', powerOnMs, seed: Math.floor(seedDie * 2 ** 32),
    faults: {
      lossShare: struck.has('loss') ? 0.02 : 0, duplicateShare: struck.has('duplicate') ? 0.1 : 0, reorderShare: struck.has('reorder') ? 0.1 : 0,
      slowBytesPerSecond: struck.has('slow') ? 1e6 * (1 + Math.floor(slowDie * 4)) : null, crashes, deafMs: struck.has('late') ? plan.deafMs : 0,
    },
  }
}
