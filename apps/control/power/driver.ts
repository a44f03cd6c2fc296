import type { z } from 'zod'
import type { Entry } from '#contract/catalog'

/** What a driver may know of the machine besides its own options. */
export interface PowerTarget {
  readonly mac: string
  readonly macs: readonly string[]
  /** Broadcast addresses of the networks that the machine may stand in. */
  readonly broadcasts: readonly string[]
  /** Folder of the lab's QMP sockets; empty outside a lab. */
  readonly labDir: string
}

/**
 * A machine's power, as one driver can drive it. What a driver cannot do it does not have; the button greys with `cannotWhy`.
 * Every verb rejects with a sentence where the hardware refuses, and stops when `signal` aborts.
 */
export interface PowerSession {
  readonly on?: (signal: AbortSignal) => Promise<void>
  readonly off?: (signal: AbortSignal) => Promise<void>
  readonly cycle?: (signal: AbortSignal) => Promise<void>
  readonly state?: (signal: AbortSignal) => Promise<'on' | 'off'>
  /** What to ask of a person where a verb is missing. */
  readonly askPerson?: { readonly on: string; readonly off: string; readonly cycle: string }
}

/** One way to drive a machine's power. */
export interface PowerDriver<Options = unknown> extends Entry {
  readonly options: z.ZodType<Options>
  /** Why the verbs that it lacks are missing, for the greyed button. */
  readonly cannotWhy: string
  connect(options: Options, target: PowerTarget): PowerSession
}

/** Declares a power driver. Its options arrive in `connect` as its own schema reads them. */
export function definePowerDriver<Options>(driver: PowerDriver<Options>): PowerDriver {
  return { ...driver, connect: (options, target) => driver.connect(driver.options.parse(options), target) }
}
