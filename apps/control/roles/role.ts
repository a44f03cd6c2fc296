import type { AgentReport, Task } from '#contract/agent-api'
import type { Entry } from '#contract/catalog'
import type { ServiceHealth } from '#contract/operator-api'
import type { Phase } from '#contract/lifecycle'
import type { z } from 'zod'

/** A machine as roles and apps see it. `report` is the last thing its agent said, null before the first. */
export interface CloudMachine {
  readonly id: string
  readonly name: string
  /** Dotted address on the provisioning network, null while unknown. */
  readonly address: string | null
  readonly phase: Phase
  /** The role that is wished of it, null where none is. */
  readonly role: string | null
  readonly generation: number
  /** Whether it is on its way out of the cloud. */
  readonly releasing: boolean
  readonly report: AgentReport | null
  /** Milliseconds since 1970 of that report, null before the first. */
  readonly reportedAtMs: number | null
}

/** What the appliance shows when it is itself a client of the cloud's services: PEM texts. The key is never logged. */
export interface ApplianceTls { readonly ca: string; readonly cert: string; readonly key: string }

/** A stored app: `value` is JSON that only the apps module reads. */
export interface AppRecord { readonly name: string; readonly value: unknown }

/** All that a role may know when it renders tasks or verifies services. */
export interface RoleContext {
  readonly machine: CloudMachine
  /** Every machine of the appliance, this one included. */
  readonly machines: readonly CloudMachine[]
  readonly apps: readonly AppRecord[]
  /** The appliance's own address on the provisioning network. */
  readonly applianceAddress: string
  /** The subnets in which the appliance and the cloud's machines stand, e.g. `10.77.0.0/24`: nobody else reaches the database. */
  readonly cidrs: readonly string[]
  /** PEM of the appliance's CA. */
  readonly caPem: string
  /** A clientAuth certificate of the appliance, issued by its own CA: the image registry asks for one. */
  tls(): ApplianceTls
  /** The secret of this name; made (32 random bytes, base64url) and stored at its first use. Never logged. */
  secret(name: string): string
  /** Whether a store of this name, e.g. `swarm.initialised`, was set; undefined where it never was. */
  setting(name: string): string | undefined
  /** Stores a small fact that must survive a restart, durable on return. */
  setSetting(name: string, value: string): void
  readonly nowMs: number
}

/** What a machine can become. The agent knows only tasks; a role never ships code to it. */
export interface Role extends Entry {
  readonly summary: string
  readonly imageId: string
  readonly services: readonly string[]
  /** Host names besides its own that a machine of this role answers to over TLS. */
  readonly names?: readonly string[]
  /** What must be true on the machine, in order. Same facts, same tasks. */
  tasks(context: RoleContext): readonly Task[]
  /** Asks each service from outside, within its own deadlines. A service that does not answer is an unhealthy entry, never a rejection. */
  verify(context: RoleContext, signal: AbortSignal): Promise<z.infer<typeof ServiceHealth>[]>
  /** Why the role cannot be given now, as sentences that say what to do: the plan's refusals. */
  refusals?(context: RoleContext): readonly string[]
  /** Sentences that an operator should read before a machine gets this role. */
  warnings?(context: RoleContext): readonly string[]
}

/** Declares a role. */
export const defineRole = (role: Role): Role => role
