import type { Faults } from './plan.ts'

const reorderMs = 40

/** What the way between one machine and its switch does to datagrams: passes them on, once, twice, late or never. */
export type Impairment = (deliver: () => void) => void

/** The way of a machine with these faults. `deafUntilMs` is read at every datagram. */
export function impair(faults: Faults, random: () => number, now: () => number, deafUntilMs: () => number): Impairment {
  return (deliver) => {
    if (now() < deafUntilMs() || random() < faults.lossShare) return
    if (random() < faults.reorderShare) setTimeout(deliver, random() * reorderMs)
    else deliver()
    if (random() < faults.duplicateShare) deliver()
  }
}
