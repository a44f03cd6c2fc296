import type { Diagnosis } from '#contract/blackbox-api'
import type { Moment } from '../moment.ts'
import type { Session } from '../sessions.ts'

/** What a rule may know besides the packets. Null or absent: not known, and then a rule says nothing that depends on it. */
export interface RuleContext {
  readonly nowMs: number
  /** Our own addresses. Empty: not known. */
  readonly ours: readonly string[]
  /** Identifiers of our own DHCPv6 servers, as hex. Empty: not known, or there are none. */
  readonly ownDuids: readonly string[]
  readonly mode: 'full' | 'proxy'
  /** Whether the network is of mode proxy and nobody answers our own questions for an address there. */
  readonly lacksServer: boolean
  /** What other DHCP servers of a network of mode proxy say to boot, as heard lately: by their addresses. */
  readonly otherBootFiles: ReadonlyMap<string, string>
  readonly policy: 'discover' | 'ignore'
  /** Addresses left in the pool; null: not known. */
  readonly freeAddresses: number | null
  /** Whether the boot manifest has a file. */
  hasFile(name: string): boolean
  /** The machine; null: a stranger. */
  readonly machine: {
    readonly name: string
    readonly phase: string
    /** Whether its next boot is meant to be from its disk. */
    readonly expectsDisk: boolean
    readonly memoryBytes: number | null
    readonly disks: number | null
    readonly secureBoot: boolean | null
    /** Another machine that says the same UUID. */
    readonly twin: string | null
  } | null
}

/** What a rule looks at: one boot, and all boots of the machine, oldest first. */
export interface Case {
  readonly session: Session
  readonly index: number
  readonly sessions: readonly Session[]
  readonly context: RuleContext
  /** How long nothing more came: without end for a boot that another one followed. */
  readonly quietMs: number
}

/** What a rule found: the moments that show it stand in `evidence`. */
export type Finding = Pick<Diagnosis, 'severity' | 'happened' | 'todo'> & { readonly evidence: readonly Moment[] }

/** A rule: pure, one trouble each. It says nothing of a boot in which that trouble is not. */
export interface Rule {
  readonly id: string
  /** A few words. */
  readonly title: string
  /** Found together with one of these, it is left out: they are its cause. */
  readonly behind?: readonly string[]
  look(it: Case): Finding | undefined
}

/** Declares a rule. */
export const defineRule = (rule: Rule): Rule => rule

/** Firmware asks by IPv4 for up to so long before it goes on to IPv6, which may be all that a network of mode proxy has. */
export const ipv6ComesMs = 60_000

/** An amount of bytes in words: 61 KB, 1.4 MB. */
export const size = (bytes: number): string => (bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`)

/** A span in words: 0.4 s, 31 s, 4 min. */
export const span = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`)
