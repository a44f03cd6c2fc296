import { spawn } from 'node:child_process'
import type { Socket } from 'node:dgram'
import { setTimeout as wait } from 'node:timers/promises'

/** Makes addresses this host's own, each as soon as a simulated machine has it, and no other: real machines have their own in the same network. */
export interface AddressKeeper {
  take(address: string): void
  give(address: string): void
  close(): void
}

/** Keeps addresses by one `ip -batch` that runs all the time: a process for each would be slower than the storm. */
export function keepAddresses(): AddressKeeper {
  const ip = spawn('ip', ['-force', '-batch', '-'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const owners = new Map<string, number>()
  const say = (line: string): void => void ip.stdin.write(`${line}\n`)
  ip.stdin.on('error', () => undefined) // at the very end, when `ip` has gone first
  return {
    take(address) {
      const count = owners.get(address) ?? 0
      owners.set(address, count + 1)
      if (count === 0) say(`route replace local ${address}/32 dev lo table local`)
    },
    give(address) {
      const count = owners.get(address) ?? 0
      if (count <= 1) { owners.delete(address); say(`route del local ${address}/32 dev lo table local`) }
      else owners.set(address, count - 1)
    },
    close: () => void ip.stdin.end(),
  }
}

const pauseMs = 10

/** Binds a socket to an address that was just taken: it becomes ours a moment later. Rejects when `signal` aborts. */
export async function bindLeased(socket: Socket, address: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      socket.once('error', resolve)
      socket.bind({ address, port: 0, exclusive: true }, () => { socket.off('error', resolve); resolve(undefined) })
    })
    if (error === undefined) return
    if (error.code !== 'EADDRNOTAVAIL') throw new Error(`binding to ${address}`, { cause: error })
    await wait(pauseMs, undefined, { signal })
  }
}
