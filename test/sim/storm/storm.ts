import { setMaxListeners } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { keepAddresses } from './leased-address.ts'
import { StormMachine } from './machine.ts'
import { planStorm, type StormPlan } from './plan.ts'
import { behindRelay, onWire, type Heard, type RelayPlan } from './wire.ts'

/** What came of a storm. Times in milliseconds. */
export interface StormReport {
  readonly machines: number
  readonly booted: number
  /** Where those that did not boot came to stay, and how many each. */
  readonly stuck: Readonly<Record<string, number>>
  readonly naks: number
  /** Addresses that two machines had at one time. */
  readonly duplicates: number
  readonly lives: number
  readonly dhcpRetries: number
  readonly fileRetries: number
  readonly factsRetries: number
  readonly bytes: number
  readonly seconds: number
  readonly bootP50Ms: number
  readonly bootP99Ms: number
  readonly scripts: number
  readonly scriptP50Ms: number
  readonly scriptP99Ms: number
  /** Of the simulator itself: where it is busy, the times above are its own. */
  readonly simulatorCpuPercent: number
  readonly simulatorLagP99Ms: number
}

/** How a storm is run. */
export interface StormOptions extends StormPlan {
  /** The interface whose wire the machines are on. Their addresses become this network namespace's own: give it one to itself. */
  readonly device: string
  /** The machines are behind this relay; undefined: on the wire itself. */
  readonly relay: RelayPlan | undefined
  /** PEM of the appliance's authority; undefined: boot servers only. */
  readonly ca: string | undefined
  /** Gives up on machines that have not booted by then. */
  readonly timeoutMs: number
  /** Told about once a second. */
  readonly progress?: (so: { on: number; booted: number; naks: number }) => void
}

const progressMs = 1000

/** Powers on all machines of a plan and resolves when the last has booted, or the time is over. */
export async function runStorm(options: StormOptions, signal: AbortSignal): Promise<StormReport> {
  const { machines, report, close } = openStorm(options)
  const stop = new AbortController()
  const life = AbortSignal.any([signal, stop.signal])
  // Every machine listens, and that is no leak.
  setMaxListeners(0, life)
  const beganAt = performance.now()
  const timer = setTimeout(() => stop.abort(), options.timeoutMs)
  const telling = setInterval(() => options.progress?.({ on: machines.filter(({ fate }) => fate.stage !== 'off').length, booted: machines.filter(isBooted).length, naks: machines.reduce((sum, { fate }) => sum + fate.dhcp.naks, 0) }), progressMs)
  try {
    await Promise.all(machines.map(async (machine) => {
      await wait(machine.plan.powerOnMs, undefined, { signal: life }).catch(() => undefined) // aborted: it never was powered on
      // The ramdisk goes on asking for orders until the last machine has come.
      await machine.live(life, () => { if (machines.every(isBooted)) stop.abort() })
    }))
    return report((performance.now() - beganAt) / 1000)
  } finally {
    clearTimeout(timer)
    clearInterval(telling)
    stop.abort()
    close()
  }
}

const isBooted = ({ fate }: StormMachine): boolean => fate.bootedAfterMs !== undefined

function openStorm(options: StormOptions): { machines: readonly StormMachine[]; report(seconds: number): StormReport; close(): void } {
  const keeper = keepAddresses()
  const owners = new Map<string, string>()
  const scripts: number[] = []
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  let duplicates = 0
  const machines = planStorm(options).map((plan) => new StormMachine(plan, {
    keeper, ca: options.ca, send: (message) => wire.send(message),
    leased(mac, address) {
      if ((owners.get(address) ?? mac) !== mac) duplicates += 1
      owners.set(address, mac)
    },
    unleased(mac, address) { if (owners.get(address) === mac) owners.delete(address) },
    scriptTook: (milliseconds) => void scripts.push(milliseconds),
  }))
  const byMac = new Map(machines.map((machine) => [machine.plan.mac, machine]))
  const heard: Heard = (mac, message) => byMac.get(mac)?.hear(message)
  const wire = options.relay === undefined ? onWire(options.device, heard) : behindRelay(options.device, options.relay, heard)
  const sum = (of: (machine: StormMachine) => number): number => machines.reduce((total, machine) => total + of(machine), 0)
  return {
    machines,
    report(seconds) {
      const cpu = process.cpuUsage()
      const booted = machines.filter(isBooted)
      const stuck: Record<string, number> = {}
      for (const { fate } of machines) if (fate.bootedAfterMs === undefined) stuck[fate.stage] = (stuck[fate.stage] ?? 0) + 1
      const times = booted.map(({ fate }) => fate.bootedAfterMs ?? 0)
      return {
        machines: machines.length, booted: booted.length, stuck, naks: sum(({ fate }) => fate.dhcp.naks), duplicates, lives: sum(({ fate }) => fate.lives),
        dhcpRetries: sum(({ fate }) => fate.dhcp.retries), fileRetries: sum(({ fate }) => fate.fileRetries), factsRetries: sum(({ fate }) => fate.factsRetries), bytes: sum(({ fate }) => fate.bytes), seconds,
        bootP50Ms: share(times, 0.5), bootP99Ms: share(times, 0.99), scripts: scripts.length, scriptP50Ms: share(scripts, 0.5), scriptP99Ms: share(scripts, 0.99),
        simulatorCpuPercent: (cpu.user + cpu.system) / 1e4 / seconds, simulatorLagP99Ms: lag.percentile(99) / 1e6,
      }
    },
    close() {
      wire.close()
      keeper.close()
    },
  }
}

/** The value below which this share of the values lies; 0 for none. */
function share(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}
