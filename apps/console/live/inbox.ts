import type { QueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { JournalEvent, LogLine } from '#contract/events'
import { Cloud, Image, Machine } from '#contract/operator-api'
import { keys } from '../api/queries.ts'
import { advanceCursor, mergeEvents, mergeLog, mergeMachines, staleMachines } from './reduce-events.ts'

/** Every message the socket may send, by name, with its schema. */
export const messages = { events: z.array(JournalEvent), machine: Machine, log: z.object({ machineId: z.string(), lines: z.array(LogLine) }), appLog: z.object({ app: z.string(), lines: z.array(LogLine) }), image: Image, cloud: Cloud } as const

/**
 * Gathers what arrives for a moment and merges it in one go, so that a busy fleet draws the page a few times a second.
 *
 * INVARIANTS: messages are only ever merged, never trusted to be in order; the cursor never falls; a hole in the journal
 * a machine that was forgotten, or one whose view is behind its events leads to a fetch.
 */
export class Inbox {
  /** The newest journal line of the whole appliance that was seen here. */
  cursor: number
  private machines: Machine[] = []
  private events: JournalEvent[] = []
  private logs = new Map<string, { key: readonly string[], lines: LogLine[] }>()
  private unseen: JournalEvent[] = []
  /** Whether the list may hold what is no more, or lack something. */
  private isSuspect = false
  private check: ReturnType<typeof setTimeout> | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly client: QueryClient

  constructor(client: QueryClient, cursor: number) {
    this.client = client
    this.cursor = cursor
  }

  /** Takes a message as it came; one that does not fit its schema is left out and the list is fetched instead. */
  receive(name: keyof typeof messages, payload: unknown): void {
    const parsed = messages[name].safeParse(payload)
    if (!parsed.success) {
      void this.client.invalidateQueries({ queryKey: keys.machines })
      return
    }
    if (name === 'machine') this.machines.push(parsed.data as Machine)
    else if (name === 'events') this.events.push(...(parsed.data as JournalEvent[]))
    else if (name === 'cloud') this.client.setQueryData(keys.cloud, parsed.data)
    else if (name === 'image') this.takeImage(parsed.data as Image)
    else if (name === 'appLog') {
      const { app, lines } = parsed.data as z.infer<typeof messages.appLog>
      this.takeLines(keys.appLog(app), lines)
    } else {
      const { machineId, lines } = parsed.data as z.infer<typeof messages.log>
      this.takeLines(keys.log(machineId), lines)
    }
    this.timer ??= setTimeout(() => this.flush(), 80)
  }

  /** Merges all that waits. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const { machines, events, logs, client } = this
    this.machines = []
    this.events = []
    this.logs = new Map()
    if (machines.length > 0) client.setQueryData<Machine[]>(keys.machines, (held) => (held ? mergeMachines(held, machines) : held))
    for (const { key, lines } of logs.values()) client.setQueryData<readonly LogLine[]>(key, (held) => mergeLog(held ?? [], lines))
    if (events.length > 0) this.takeEvents(events)
  }

  /** Forgets what waits; for the end of a session. */
  close(): void {
    clearTimeout(this.timer)
    clearTimeout(this.check)
  }

  private takeLines(key: readonly string[], lines: readonly LogLine[]): void {
    const waiting = this.logs.get(key.join(' '))
    if (waiting) waiting.lines.push(...lines)
    else this.logs.set(key.join(' '), { key, lines: [...lines] })
  }

  private takeEvents(events: JournalEvent[]): void {
    const { client } = this
    const { cursor, hole } = advanceCursor(this.cursor, events)
    this.cursor = cursor
    client.setQueryData<readonly JournalEvent[]>(keys.activity, (held) => mergeEvents(held ?? [], events))
    const byMachine = groupByMachine(events)
    for (const [id, its] of byMachine) if (id !== null) client.setQueryData<readonly JournalEvent[]>(keys.events(id), (held) => (held ? mergeEvents(held, its) : held))
    this.unseen.push(...events.filter((event) => event.machineId !== null))
    // A machine that somebody forgot has no view any more that could be sent.
    this.isSuspect ||= hole || events.some(({ kind }) => kind === 'machine.forgotten')
    this.check ??= setTimeout(() => this.fetchMissed(), 1500)
  }

  /** A machine's view usually follows its event at once; what has not come after a moment is fetched. */
  private fetchMissed(): void {
    const stale = staleMachines(this.client.getQueryData<Machine[]>(keys.machines) ?? [], this.unseen)
    if (this.isSuspect || stale.length > 0) void this.client.invalidateQueries({ queryKey: keys.machines })
    this.unseen = []
    this.isSuspect = false
    this.check = undefined
  }

  private takeImage(image: Image): void {
    this.client.setQueryData<Image[]>(keys.images, (held) => {
      if (!held) return held
      return held.some((each) => each.id === image.id) ? held.map((each) => (each.id === image.id ? image : each)) : [...held, image]
    })
  }
}

function groupByMachine(events: readonly JournalEvent[]): Map<string | null, JournalEvent[]> {
  const groups = new Map<string | null, JournalEvent[]>()
  for (const event of events) groups.set(event.machineId, [...(groups.get(event.machineId) ?? []), event])
  return groups
}
