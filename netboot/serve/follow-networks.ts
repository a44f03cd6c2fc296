import type { NetbootLog, NetworkView } from '../site.ts'

const lookMs = 1000
const retryMs = 10_000

/** Sockets that are bound and do not serve before `serve`. */
export interface Part { serve(): void; close(): Promise<void> }

/** A part by what it is for: networks may share it. One that is optional never keeps the others from starting. */
export interface PartPlan { readonly key: string; readonly isOptional?: boolean; open(): Promise<Part> }

/**
 * Keeps one open part for each key that some network needs, and closes what none needs any more.
 *
 * INVARIANTS: one change at a time; of the first networks all parts are open before any serves, and it rejects where one cannot be opened. An
 * optional part, or one of a network that came later, that cannot be opened is tried again, and the others serve meanwhile.
 */
export async function followNetworks(networks: () => readonly NetworkView[], plan: (network: NetworkView) => readonly PartPlan[], log: NetbootLog): Promise<{ troubles(): readonly string[]; close(): Promise<void> }> {
  const parts = new Map<string, Part>()
  const troubles = new Map<string, { said: string; retryAtMs: number }>()
  let seen: readonly NetworkView[] = []
  let isBusy = true
  const wanted = (): Map<string, PartPlan> => new Map(seen.flatMap(plan).map((one) => [one.key, one]))
  const closeAll = async (): Promise<void> => {
    for (const part of [...parts.values()].toReversed()) await part.close()
    parts.clear()
  }

  /** Shown to the operator, and tried again. */
  const fail = (key: string, error: unknown): void => {
    const said = error instanceof Error && error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : String(error)
    troubles.set(key, { said, retryAtMs: performance.now() + retryMs })
    log.error({ part: key, err: error }, 'netboot.partFailed')
  }

  seen = networks()
  try {
    for (const [key, one] of wanted()) {
      try { parts.set(key, await one.open()) } catch (error) {
        if (one.isOptional !== true) throw error
        fail(key, error)
      }
    }
  } catch (error) {
    await closeAll()
    throw error
  }
  for (const part of parts.values()) part.serve()
  isBusy = false

  const change = async (): Promise<void> => {
    seen = networks()
    const plans = wanted()
    for (const [key, part] of parts) if (!plans.has(key)) { parts.delete(key); await part.close(); log.info({ part: key }, 'netboot.ended') }
    for (const key of troubles.keys()) if (!plans.has(key)) troubles.delete(key)
    for (const [key, one] of plans) {
      if (parts.has(key) || (troubles.get(key)?.retryAtMs ?? 0) > performance.now()) continue
      try {
        const part = await one.open()
        parts.set(key, part)
        troubles.delete(key)
        part.serve()
      } catch (error) {
        fail(key, error)
      }
    }
  }
  const timer = setInterval(() => {
    if (isBusy || (networks() === seen && troubles.size === 0)) return
    isBusy = true
    current = change().catch((error: unknown) => log.error({ err: error }, 'netboot.followFailed')).finally(() => { isBusy = false })
  }, lookMs).unref()
  let current: Promise<void> = Promise.resolve()
  return {
    troubles: () => Array.from(troubles.values(), ({ said }) => said),
    async close() {
      clearInterval(timer)
      await current
      await closeAll()
    },
  }
}
