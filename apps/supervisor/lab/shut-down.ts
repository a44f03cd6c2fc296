import { setTimeout as wait } from 'node:timers/promises'
import { runQmp } from '#control/power/qmp'
import type { Phase } from '#contract/lifecycle'
import type { Guest } from './guest.ts'

/** How long a guest gets: an emulated one with a dozen containers needs about half of it. */
const patienceMs = 60_000
const lookMs = 500

/** Phases in which a machine's installed system may be running: the ramdisk and firmware keep nothing that a power cut could harm. */
const installed: ReadonlySet<Phase> = new Set(['starting', 'ready', 'silent'])

/** Whether a guest is to be asked before its power is cut. */
export const runsInstalledSystem = (phase: Phase | undefined): boolean => phase !== undefined && installed.has(phase)

/**
 * Presses the power button of guests (ACPI) and waits until they have shut down, at most a minute or until `signal` aborts. Tells of each.
 * Never rejects: a guest that does not answer is one whose power is cut.
 */
export async function shutDownGuests(guests: readonly Pick<Guest, 'index' | 'qmp'>[], say: (text: string) => void, signal: AbortSignal, patience = patienceMs): Promise<void> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  const isOn = async (qmp: string): Promise<boolean> => ((await runQmp(qmp, ['query-status'], bound)) as [{ running: boolean }])[0].running
  const running: Pick<Guest, 'index' | 'qmp'>[] = []
  for (const guest of guests) if (await isOn(guest.qmp).catch(() => false)) running.push(guest) // one whose QEMU is gone is off
  if (running.length === 0) return
  say(`lab: asking machine ${running.map(({ index }) => index + 1).join(', ')} to shut down, for ${Math.round(patience / 1000)} s at most; Ctrl-C again cuts the power at once`)
  const startedMs = Date.now()
  await Promise.all(running.map(async ({ index, qmp }) => {
    try {
      await runQmp(qmp, ['system_powerdown'], bound)
      while (await isOn(qmp)) await wait(lookMs, undefined, { signal: bound })
      say(`lab: machine ${index + 1} has shut down (${Math.round((Date.now() - startedMs) / 1000)} s)`)
    } catch (error) {
      say(`lab: machine ${index + 1} has not shut down (${signal.aborted ? 'told not to wait' : bound.aborted ? `${Math.round(patience / 1000)} s are over` : String(error)}): its power is cut`)
    }
  }))
}
