/** A flag that one loop raises and another waits for. Raising it twice before anybody looks counts once. */
export interface Flag {
  raise(): void
  /** Resolves true once raised (and lowers it), or false after `ms` or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
}

/** Makes a lowered flag. One waiter at a time. */
export function flag(): Flag {
  let raised = false
  let wake: (() => void) | undefined
  return {
    raise() {
      raised = true
      wake?.()
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', finish)
          wake = undefined
          const was = raised
          raised = false
          resolve(was)
        }
        const timer = setTimeout(finish, ms)
        signal.addEventListener('abort', finish, { once: true })
        wake = finish
        if (raised || signal.aborted) finish()
      }),
  }
}
