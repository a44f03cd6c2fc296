/** Waits after the `tries`-th failure in a row (1, 2, ...), in milliseconds: 1 s doubling up to a minute, with up to a quarter more so that a fleet does not knock in step. */
export const backoffMs = (tries: number, random: number): number => Math.round(Math.min(60_000, 1000 * 2 ** Math.min(tries - 1, 10)) * (1 + random / 4))

/** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
