import { isSimulated } from '#contract/simulated'
import type { Census } from '../fleet.ts'
import type { MachineRecord } from '../record.ts'

/** Which machine a claim belongs to. MAC, UUID and serial are claims, never credentials. */
export type Identification =
  | { kind: 'known'; machine: MachineRecord }
  /** `twinOf`: another machine that says the same UUID; the two stay two and a person is warned. */
  | { kind: 'new'; twinOf: MachineRecord | null }
  | { kind: 'refused'; why: 'too-many-unknown' | 'too-many-unassigned' }

/** At most this many machines that never posted facts: a flood of made-up MACs must not fill the disk. */
export const mostUnknown = 500
/**
 * At most this many machines without a role, inventoried or not: facts are a claim too, and each may have hundreds of kilobytes. The largest
 * storm that `systemcloud lab simulate` powers on, 10,000 machines, fits in beside a fleet.
 */
export const mostUnassigned = 12_000

/** UUIDs that boards ship with where nobody set one: they identify nothing. */
const worthless = /^(0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12}|03000200-0400-0500-0006-000700080009)$/

/** Whether a UUID is one of those: every board of a kind has it. */
export const isWorthless = (uuid: string): boolean => worthless.test(uuid)

/** How long a machine must not have been heard of before a new MAC with its UUID may be it with another network card. */
const goneForMs = 15 * 60_000

/**
 * By MAC first, then by UUID. The UUID alone is believed only where it is one machine's, nothing runs on that one, and it was not heard of
 * for a while: a machine whose card was replaced.
 */
export function identify(fleet: Census, byMac: MachineRecord | undefined, uuid: string | null, nowMs: number): Identification {
  if (byMac !== undefined) return { kind: 'known', machine: byMac }
  const sameUuid = uuid === null || isWorthless(uuid) ? [] : fleet.withUuid(uuid)
  const [only] = sameUuid
  const idle = only !== undefined && (only.phase === 'discovered' || only.phase === 'seen' || only.phase === 'failed')
  if (only !== undefined && sameUuid.length === 1 && idle && nowMs - Date.parse(only.lastSeenAt) > goneForMs) return { kind: 'known', machine: only }
  if (fleet.seenCount >= mostUnknown) return { kind: 'refused', why: 'too-many-unknown' }
  if (fleet.unassignedCount >= mostUnassigned) return { kind: 'refused', why: 'too-many-unassigned' }
  return { kind: 'new', twinOf: only ?? null }
}

/** A name for a machine that nobody has named: `machine-` (or `simulated-`) and the last octets of its MAC, longer until it is unique. */
export function inventName(mac: string, isTaken: (name: string) => boolean): string {
  const hex = mac.replaceAll(':', '')
  const kind = isSimulated(mac) ? 'simulated' : 'machine'
  for (const length of [4, 6, 8, 12]) {
    const name = `${kind}-${hex.slice(-length)}`
    if (!isTaken(name)) return name
  }
  for (let n = 2; ; n += 1) if (!isTaken(`${kind}-${hex}-${n}`)) return `${kind}-${hex}-${n}`
}
