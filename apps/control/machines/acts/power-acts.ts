import { randomBytes } from 'node:crypto'
import { isAllowed } from '#contract/lifecycle'
import { Refusal } from '../../http/deps.ts'
import type { PowerDriver, PowerSession, PowerTarget } from '../../power/driver.ts'
import { powerDrivers } from '../../power/index.ts'
import { withStoredSecrets } from '../../power/options.ts'
import type { OrderDesk } from '../ramdisk/orders.ts'
import type { RamdiskSessions } from '../ramdisk/sessions.ts'
import type { MachineRecord } from '../record.ts'
import type { Registry } from '../registry.ts'

/** What driving power needs. */
export interface PowerDeps {
  readonly registry: Registry
  readonly orders: OrderDesk
  readonly sessions: RamdiskSessions
  /** Where a broadcast reaches a machine with this address, or with none. */
  broadcasts(address: string | null): readonly string[]
  readonly labDir: string
  /** Has the machine's own agent restart it. False where none is heard of. */
  askAgent(machineId: string): boolean
  changed(machineId: string): void
}

/** The power of all machines: who drives it, what was seen of it last. */
export interface Power {
  driver(machine: MachineRecord): PowerDriver | undefined
  /** What the machine's driver can do; nothing where it is not available any more. */
  session(machine: MachineRecord): PowerSession
  state(machineId: string): 'on' | 'off' | 'unknown'
  act(machineId: string, act: 'on' | 'off' | 'cycle', by: string): Promise<void>
  setDriver(machineId: string, driver: string, options: Record<string, unknown>, by: string): Promise<void>
  /** The machine's firmware was heard on the wire: it is on, and nobody need press its button any more. */
  heard(machineId: string): void
  /** Asks the drivers that can say so whether their machines are on. */
  look(signal: AbortSignal): Promise<void>
}

const actMs = 20_000

/** Power over the catalog of drivers. */
export function openPower(deps: PowerDeps): Power {
  const states = new Map<string, 'on' | 'off' | 'unknown'>()
  const driver = (machine: MachineRecord): PowerDriver | undefined => powerDrivers.find(machine.powerDriver)
  const session = (machine: MachineRecord): PowerSession => {
    const target: PowerTarget = { mac: machine.mac, macs: machine.macs, broadcasts: deps.broadcasts(machine.address), labDir: deps.labDir }
    return driver(machine)?.connect(machine.powerOptions, target) ?? {}
  }
  const present = (id: string): MachineRecord => {
    const machine = deps.registry.get(id)
    if (machine === undefined) throw new Refusal(404, 'The machine was forgotten meanwhile.')
    return machine
  }
  const see = (id: string, state: 'on' | 'off' | 'unknown'): void => {
    if (states.get(id) === state) return
    states.set(id, state)
    deps.changed(id)
  }

  /** Does it by the driver, else by what runs there: the ramdisk or the agent. False: only a person can. */
  async function drive(machine: MachineRecord, act: 'on' | 'off' | 'cycle', signal: AbortSignal): Promise<boolean> {
    const verb = session(machine)[act]
    if (verb !== undefined) {
      await verb(signal)
      // A magic packet is a wish: the machine is on when it is heard of.
      if (session(machine).state !== undefined) see(machine.id, act === 'off' ? 'off' : 'on')
      return true
    }
    if (act === 'on') return false
    if (deps.sessions.liveSince(machine.id) === undefined) return act === 'cycle' && deps.askAgent(machine.id)
    if (deps.orders.current(machine.id) !== undefined) return false
    await deps.orders.give(machine.id, { id: `power-${randomBytes(4).toString('hex')}`, kind: act === 'off' ? 'poweroff' : 'reboot', generation: machine.intent.generation, fields: {} }, signal, () => undefined)
    deps.sessions.end(machine.id)
    see(machine.id, act === 'off' ? 'off' : 'unknown')
    return true
  }

  return {
    driver, session,
    state: (id) => states.get(id) ?? 'unknown',
    async act(id, act, by) {
      const machine = present(id)
      if (!isAllowed('power', machine.phase)) throw new Refusal(409, `${machine.name} is ${machine.phase}: its power is left alone.`)
      let done: boolean
      try {
        done = await drive(machine, act, AbortSignal.timeout(actMs))
      } catch (error) {
        throw new Refusal(503, `The power driver could not do it: ${error instanceof Error ? error.message : String(error)}.`)
      }
      const ask = session(machine).askPerson?.[act]
      if (!done && ask === undefined) throw new Refusal(409, `${machine.name}: ${driver(machine)?.cannotWhy ?? 'its power driver is no longer available'}.`)
      const text = done ? `${by}: power ${act}` : `${by} wants power ${act}: ${ask ?? ''}`
      await deps.registry.change(id, (m) => (done ? m : { ...m, attention: ask ?? null }), { machineId: id, kind: 'power.driven', level: 'info', text, data: { act, by } })
    },
    async setDriver(id, name, options, by) {
      const found = powerDrivers.find(name)
      if (found === undefined) throw new Refusal(422, `There is no power driver “${name}”: choose one of ${powerDrivers.entries.map((one) => one.id).join(', ')}.`)
      const before = present(id)
      const whole = before.powerDriver === name ? withStoredSecrets(found, options, before.powerOptions) : options
      const parsed = found.options.safeParse(whole)
      if (!parsed.success) throw new Refusal(422, `Options of ${found.title}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}.`)
      states.delete(id)
      await deps.registry.change(id, (m) => ({ ...m, powerDriver: name, powerOptions: whole }), { machineId: id, kind: 'power.configured', level: 'info', text: `${by} chose the power driver ${found.title}`, data: { driver: name, by } })
    },
    heard(id) {
      const machine = deps.registry.get(id)
      if (machine === undefined) return
      const { state, askPerson } = session(machine)
      if (state === undefined) see(id, 'on')
      if (askPerson !== undefined && Object.values(askPerson).some((ask) => ask === machine.attention)) void deps.registry.change(id, (m) => ({ ...m, attention: null }))
    },
    async look(signal) {
      for (const machine of deps.registry.all()) {
        const { state } = session(machine)
        if (state !== undefined) see(machine.id, await state(AbortSignal.any([signal, AbortSignal.timeout(3000)])).catch((): 'unknown' => 'unknown'))
      }
    },
  }
}
