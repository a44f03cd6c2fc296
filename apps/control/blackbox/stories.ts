import type { Mac } from '#contract/mac'
import type { JournalEvent } from '#contract/events'
import { mergeMoments } from './merge.ts'
import type { PacketStore } from './packet-store.ts'
import { readJournal } from './read-journal.ts'
import { readPackets } from './read-packets.ts'
import { splitSessions, type Session } from './sessions.ts'

/** Where stories are read from. */
export interface StorySources {
  readonly packets: PacketStore
  events(query: { machineId?: string; after: number; limit: number }): JournalEvent[]
}

/** Whose story: a machine with all its cards, or a stranger with one. */
export interface Whose { readonly machineId: string | null; readonly macs: readonly Mac[] }

const pageSize = 2000
const mostEvents = 6000
const keptBoots = 4

/** Reads the boots of machines from packets and journal together. */
export interface Stories {
  /** All boots that are still told of, oldest first, and which of their troubles the journal holds already, as `boot rule`. */
  whole(whose: Whose): Promise<{ sessions: Session[]; said: Set<string> }>
  /** The same from the last boots only: cheap, for looking at a machine while it boots. */
  recent(whose: Whose): Promise<{ sessions: Session[]; said: Set<string> }>
}

/** Opens stories over their sources. */
export function openStories(sources: StorySources): Stories {
  /** The journal line before the first of a machine's last boots. */
  const starts = new Map<string, number>()

  async function read(whose: Whose, from: number): Promise<{ sessions: Session[]; said: Set<string> }> {
    const { machineId } = whose
    let events: JournalEvent[] = []
    for (let after = from; ;) {
      const page = machineId === null ? [] : sources.events({ machineId, after, limit: pageSize })
      events = [...events, ...page].slice(-mostEvents)
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) break
      after = last.seq
      await new Promise((resolve) => setImmediate(resolve))
    }
    const sinceMs = from === 0 ? 0 : Date.parse(events[0]?.at ?? '') - 60_000
    const packets = (await Promise.all(whose.macs.map(async (mac) => readPackets((await sources.packets.frames(mac)).filter(({ atMs }) => !(atMs < sinceMs)), mac)))).flat().sort((a, b) => a.atMs - b.atMs)
    const sessions = splitSessions(mergeMoments(packets, readJournal(events)), whose.macs[0] ?? '')
    const first = sessions.at(-keptBoots)?.moments.find(({ seq }) => seq !== null)?.seq
    if (machineId !== null && first != null) starts.set(machineId, first - 1)
    const said = new Set(events.filter(({ kind }) => kind === 'boot.diagnosed').map(({ data }) => `${String(data['boot'])} ${String(data['rule'])}`))
    return { sessions, said }
  }
  return { whole: (whose) => read(whose, 0), recent: (whose) => read(whose, starts.get(whose.machineId ?? '') ?? 0) }
}
