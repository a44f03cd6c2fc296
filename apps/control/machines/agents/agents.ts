import { AgentReport } from '#contract/agent-api'

/** What an agent said last, and when (milliseconds since 1970). */
export interface LastReport { readonly report: AgentReport; readonly atMs: number }

/** Where reports and enrolments survive a restart of control: keys and JSON texts. */
export interface AgentMemory { entries(bucket: string): { key: string; value: string }[]; put(bucket: string, key: string, value: string): Promise<void>; remove(bucket: string, key: string): Promise<void> }

/** One machine's finished enrolment: the hashes let the same key ask again after an answer was lost, and nobody else. `at`: the address of ours at which its agent asked last. */
export interface Enrolled { readonly generation: number; readonly secretHash: string; readonly keyHash: string; readonly at?: string }

/** Agents of installed machines. */
export interface AgentDesk {
  reported(machineId: string, report: AgentReport): void
  /** It asked for its target: while it applies one, that is its only sign of life. */
  asked(machineId: string): void
  /** It asked at this address of ours: the only one it knows, written into its system by the deploy. */
  reachedAt(machineId: string, address: string): void
  /** Ids of the machines whose agents ask at this address of ours. */
  askingAt(address: string): string[]
  last(machineId: string): LastReport | undefined
  /** Whether it reported or asked within the last 45 s. */
  isAlive(machineId: string): boolean
  enrolled(machineId: string): Enrolled | undefined
  /** Resolves when it is on disk. */
  setEnrolled(machineId: string, enrolled: Enrolled): Promise<void>
  forget(machineId: string): void
  /** Wakes everyone who waits for a new target. */
  changed(): void
  /** Resolves at the next `changed`, after `waitMs`, or when `signal` aborts. */
  waitForChange(waitMs: number, signal: AbortSignal): Promise<void>
}

const aliveMs = 45_000
const saveEveryMs = 60_000

/** The desk over a small memory. Reports are saved at once where the Swarm's facts changed, else once a minute. */
export function agentDesk(memory: AgentMemory, now: () => number): AgentDesk {
  const last = new Map<string, LastReport>()
  const askedAt = new Map<string, number>()
  const saved = new Map<string, { swarm: string; atMs: number }>()
  const enrolled = new Map(memory.entries('enrolled').map(({ key, value }) => [key, JSON.parse(value) as Enrolled]))
  const waiting = new Set<() => void>()
  for (const { key, value } of memory.entries('report')) {
    const kept = JSON.parse(value) as { report: unknown; atMs: number }
    const report = AgentReport.safeParse(kept.report)
    if (report.success) last.set(key, { report: report.data, atMs: kept.atMs })
  }
  return {
    reported(machineId, report) {
      const entry = { report, atMs: now() }
      last.set(machineId, entry)
      const swarm = JSON.stringify([report.generation, report.swarm])
      const before = saved.get(machineId)
      if (before?.swarm === swarm && entry.atMs - before.atMs < saveEveryMs) return
      saved.set(machineId, { swarm, atMs: entry.atMs })
      void memory.put('report', machineId, JSON.stringify(entry))
    },
    asked: (machineId) => void askedAt.set(machineId, now()),
    reachedAt(machineId, address) {
      const known = enrolled.get(machineId)
      if (known === undefined || known.at === address) return
      enrolled.set(machineId, { ...known, at: address })
      void memory.put('enrolled', machineId, JSON.stringify(enrolled.get(machineId)))
    },
    askingAt: (address) => Array.from(enrolled).flatMap(([machineId, { at }]) => (at === address ? [machineId] : [])),
    last: (machineId) => last.get(machineId),
    isAlive: (machineId) => now() - Math.max(last.get(machineId)?.atMs ?? 0, askedAt.get(machineId) ?? 0) < aliveMs,
    enrolled: (machineId) => enrolled.get(machineId),
    setEnrolled(machineId, one) {
      enrolled.set(machineId, one)
      return memory.put('enrolled', machineId, JSON.stringify(one))
    },
    forget(machineId) {
      last.delete(machineId)
      askedAt.delete(machineId)
      saved.delete(machineId)
      enrolled.delete(machineId)
      void memory.remove('report', machineId)
      void memory.remove('enrolled', machineId)
    },
    changed() { for (const wake of waiting) wake() },
    waitForChange: (waitMs, signal) => new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, waitMs)
      signal.addEventListener('abort', wake)
      waiting.add(wake)
    }),
  }
}
