import { setTimeout as sleep } from 'node:timers/promises'
import type { Phase } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'
import { Refused, type Api } from '../appliance/api.ts'
import { openLive } from '../appliance/live.ts'
import { Unreachable } from '../appliance/transport.ts'
import { decideWait, type WaitDecision } from './decide-wait.ts'

/** How a wait ended, with the machines as last seen. */
export type WaitOutcome =
  | { readonly kind: 'reached' | 'timedOut'; readonly machines: readonly Machine[] }
  | { readonly kind: 'failed'; readonly machines: readonly Machine[]; readonly machine: Machine }

/** What to wait for, and whom to tell on the way. */
export interface WaitRequest {
  readonly machines: readonly string[]
  readonly phase: Phase
  /** Undefined waits for ever. */
  readonly timeoutMs: number | undefined
  readonly signal: AbortSignal
  changed(machine: Machine): void
  /** The appliance is away (with the reason), or back. */
  away(reason: string | undefined): void
}

/** How long a machine in `failed` is not believed: milliseconds from the beginning of the wait. */
export const failedGraceMs = 2000

/** Whether an error may pass by waiting: the appliance is starting again, or says so itself. */
export const mayPass = (error: unknown): error is Error => error instanceof Unreachable || (error instanceof Refused && error.status >= 500)

/** Waits until all machines are in a phase. Told by the socket, checked by polling; an appliance that restarts meanwhile is waited for too. */
export async function waitFor(api: Api, request: WaitRequest): Promise<WaitOutcome> {
  const startedAt = Date.now()
  const known = new Map<string, Machine>()
  const wake = new EventTarget()
  const learn = (machine: Machine): void => {
    known.set(machine.id, machine)
    request.changed(machine)
    wake.dispatchEvent(new Event('news'))
  }
  let connections = 0
  /** The socket was away: what was told meanwhile is not known. */
  let isBehind = false
  const live = openLive(api.target, {
    room: 'fleet', machine: (machine) => { if (known.has(machine.id)) learn(machine) },
    connected() {
      connections += 1
      if (connections === 1) return
      isBehind = true
      wake.dispatchEvent(new Event('news'))
    },
  })
  let away = false
  try {
    for (;;) {
      isBehind = false
      try {
        for (const machine of await Promise.all(request.machines.map((name) => api.machine(name)))) learn(machine)
        if (away) request.away(undefined)
        away = false
      } catch (error) {
        if (!mayPass(error)) throw error
        if (!away) request.away(error.message)
        away = true
      }
      const checkedAt = Date.now()
      for (;;) {
        const elapsed = Date.now() - startedAt
        const decision: WaitDecision = known.size === 0 ? { kind: 'waiting', missing: [] } : decideWait([...known.values()], request.phase, elapsed >= failedGraceMs)
        if (decision.kind === 'reached') return { kind: 'reached', machines: [...known.values()] }
        if (decision.kind === 'failed') return { kind: 'failed', machines: [...known.values()], machine: decision.machine }
        if (request.timeoutMs !== undefined && elapsed >= request.timeoutMs) return { kind: 'timedOut', machines: [...known.values()] }
        request.signal.throwIfAborted()
        const left = request.timeoutMs === undefined ? Infinity : request.timeoutMs - elapsed
        const pause = (live.connected() && elapsed >= failedGraceMs ? 5000 : 1000) - (Date.now() - checkedAt)
        if (pause <= 0 || isBehind) break
        await nap(wake, Math.min(pause, left, elapsed < failedGraceMs ? 500 : Infinity), request.signal)
      }
    }
  } finally {
    live.close()
  }
}

/** Sleeps until news come, time is up or the person gives up. */
async function nap(wake: EventTarget, ms: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  const stop = (): void => done.abort()
  wake.addEventListener('news', stop, { once: true })
  signal.addEventListener('abort', stop, { once: true })
  try {
    await sleep(ms, undefined, { signal: done.signal })
  } catch (error) {
    if (!done.signal.aborted) throw error
  } finally {
    wake.removeEventListener('news', stop)
    signal.removeEventListener('abort', stop)
  }
}
