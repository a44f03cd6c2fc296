import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { keepRunning, type KeptProcess } from '../child.ts'
import { planGuests, prepareGuest, qemuArguments, type Guest } from './guest.ts'
import { inside, type LabNames } from './network.ts'
import { probeKvm } from './kvm.ts'
import { shutDownGuests } from './shut-down.ts'
import { runQmp } from '#control/power/qmp'

/** What the lab must know of a machine to decide when to power on the next: has it come as far as it can by itself? */
export interface Settled {
  (mac: string): Promise<boolean>
}

/** The virtual machines of a lab that runs. */
export interface Lab {
  readonly guests: readonly Guest[]
  /** Ends the machines: those with one of `busy`'s MACs are asked to shut down first, until `hurry` aborts. */
  stop(busy: ReadonlySet<string>, hurry: AbortSignal): Promise<void>
}

const atOnce = 2
const patienceMs = 240_000

/**
 * Starts the virtual machines, all powered off, and then powers them on so that at most two are booting at once.
 *
 * @param kernel tells KVM that works from KVM that hangs
 */
export async function startLab(plan: { machines: number; names: LabNames; dataDir: string; runDir: string; kernel: string | undefined; settled: Settled; say(text: string): void }): Promise<Lab> {
  const guests = planGuests(plan.machines, { labDir: path.join(plan.dataDir, 'lab'), qmpDir: path.join(plan.runDir, 'qmp') })
  const accelerator = plan.kernel !== undefined && (await probeKvm(plan.kernel)) ? 'kvm' : 'tcg'
  plan.say(`lab: ${guests.length} virtual machines (${[...new Set(guests.map((g) => g.kind))].join(', ')}), ${accelerator === 'kvm' ? 'KVM' : 'software emulation'}`)
  const kept: KeptProcess[] = []
  const [command, prefix] = inside(plan.names.wire)
  for (const guest of guests) {
    await prepareGuest(guest)
    kept.push(keepRunning({
      name: `lab-${guest.index + 1}`, command, args: [...prefix, 'qemu-system-x86_64', ...qemuArguments(guest, accelerator)], logFile: path.join(guest.folder, 'qemu.log'),
      // Its QMP socket is control's to use: the folder around it lets nobody else in.
      umask: 0,
      onExit: (how) => {
        plan.say(`lab: machine ${guest.index + 1} ended (${how}); it is there again, powered off`)
        rmSync(guest.qmp, { force: true })
      },
    }))
  }
  const stopping = new AbortController()
  const powered = powerOnInTurn(guests, plan.settled, plan.say, stopping.signal)
  powered.catch((error: unknown) => stopping.signal.aborted || plan.say(`lab: ${String(error)}`))
  return {
    guests,
    async stop(busy, hurry) {
      stopping.abort()
      await shutDownGuests(guests.filter(({ mac }) => busy.has(mac)), plan.say, hurry)
      await Promise.all(kept.map((one) => one.stop()))
    },
  }
}

async function powerOnInTurn(guests: readonly Guest[], settled: Settled, say: (text: string) => void, signal: AbortSignal): Promise<void> {
  const busy = new Map<Guest, number>()
  for (const guest of guests) {
    while (busy.size >= atOnce) {
      for (const [other, since] of busy) {
        const done = await settled(other.mac)
        if (done) say(`lab: machine ${other.index + 1} (${other.kind}) is there ${Math.round((Date.now() - since) / 1000)} s after power-on`)
        if (done || Date.now() - since > patienceMs) busy.delete(other)
      }
      await wait(500, undefined, { signal })
    }
    while (!existsSync(guest.qmp)) await wait(100, undefined, { signal })
    await runQmp(guest.qmp, ['cont'], signal)
    busy.set(guest, Date.now())
    say(`lab: machine ${guest.index + 1} (${guest.kind}, ${guest.mac}) is powered on`)
  }
  for (const [other, since] of busy) {
    while (!(await settled(other.mac)) && Date.now() - since < patienceMs) await wait(500, undefined, { signal })
    say(`lab: machine ${other.index + 1} (${other.kind}) is there ${Math.round((Date.now() - since) / 1000)} s after power-on`)
  }
}

