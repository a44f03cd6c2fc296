import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { diagnose, type FoundDiagnosis, type RuleContext } from '#control/blackbox/diagnose'
import { mergeMoments } from '#control/blackbox/merge'
import { readJournal } from '#control/blackbox/read-journal'
import { readPackets } from '#control/blackbox/read-packets'
import { splitSessions, type Session } from '#control/blackbox/sessions'
import type { JournalEvent } from '#contract/events'
import { decodePcap } from '#netboot/codec/pcap'

/**
 * Who booted. `firmware`: real firmware, in QEMU. `client`: ordinary programs (udhcpc, dhclient, atftp, curl) that say they are firmware.
 * `simulator`: the same, where what the ramdisk or its kernel says was written by a program of the tests.
 */
export type Origin = 'firmware' | 'client' | 'simulator'

/** What the rules were told beside the boots, as plain data. */
export type RecordedContext = Omit<RuleContext, 'hasFile' | 'otherBootFiles'> & { readonly files: readonly string[]; /** By the servers' addresses; absent where none says what to boot. */ readonly otherBootFiles?: Readonly<Record<string, string>> }

/** The boots of one machine as the product itself recorded them; its packets are in the file of that name with `.pcap`. */
export interface RecordedBoots {
  readonly name: string
  readonly about: string
  readonly origin: Origin
  readonly macs: readonly string[]
  readonly context: RecordedContext
  readonly events: readonly JournalEvent[]
}

/** Where they are kept. */
export const bootsFolder = path.join(import.meta.dirname, '../fixtures/boots')

/** The names of all that are kept. */
export const recordedNames = (): string[] => readdirSync(bootsFolder).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5)).sort()

/** One of them with its packets. */
export function readRecorded(name: string): { recorded: RecordedBoots; pcap: Uint8Array } {
  return { recorded: JSON.parse(readFileSync(path.join(bootsFolder, `${name}.json`), 'utf8')) as RecordedBoots, pcap: readFileSync(path.join(bootsFolder, `${name}.pcap`)) }
}

/** Recorded boots as a file: a line for each journal line, so that a new recording can be read beside the old one. */
export function renderRecorded({ events, ...rest }: RecordedBoots): string {
  return `${JSON.stringify(rest, null, 1).slice(0, -2)},\n "events": [\n${events.map((event) => `  ${JSON.stringify(event)}`).join(',\n')}\n ]\n}\n`
}

/** The boots in a recording, as the black box makes them of its packets and journal. Throws where the packets are no capture. */
export function sessionsOf({ recorded, pcap }: { recorded: RecordedBoots; pcap: Uint8Array }): Session[] {
  const decoded = decodePcap(pcap)
  if (!decoded.ok) throw new Error(`${recorded.name}: ${decoded.fault.kind}`)
  const [mac = ''] = recorded.macs
  return splitSessions(mergeMoments(readPackets(decoded.value.frames, mac), readJournal(recorded.events)), mac)
}

/** What the rules were told beside the boots. */
export function contextOf({ context: { files, otherBootFiles = {}, ...known } }: RecordedBoots): RuleContext {
  return { ...known, otherBootFiles: new Map(Object.entries(otherBootFiles)), hasFile: (name) => files.includes(name) }
}

/** What the rules say of each boot of a recording at the moment when it was looked at, oldest first. */
export function findingsOf(one: { recorded: RecordedBoots; pcap: Uint8Array }): { session: Session; found: FoundDiagnosis[] }[] {
  const sessions = sessionsOf(one)
  const context = contextOf(one.recorded)
  return sessions.map((session, index) => ({ session, found: diagnose(sessions, index, context) }))
}

/** The names of the rules that speak of each boot. */
export const diagnosesOf = (one: { recorded: RecordedBoots; pcap: Uint8Array }): string[][] => findingsOf(one).map(({ found }) => found.map(({ id }) => id))
