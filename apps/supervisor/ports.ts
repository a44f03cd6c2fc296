import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { UpOptions } from './options.ts'

/** A killed run's doors are being ended while this one starts. */
const patienceMs = 3000

/** Throws a sentence where another program has a port that the person's browser is to find the appliance at. */
export async function refuseTakenPorts({ kind, consolePort, balancerPort }: Pick<UpOptions, 'kind' | 'consolePort' | 'balancerPort'>): Promise<void> {
  const wanted = [{ port: consolePort, option: '--console-port' }, ...(kind === 'lab' ? [{ port: balancerPort, option: '--balancer-port' }] : [])]
  const end = Date.now() + patienceMs
  for (const { port, option } of wanted) {
    while (!(await isFree(port))) {
      if (Date.now() > end) throw new Error(`another program has port ${port} of 127.0.0.1: stop it, or choose another port with ${option}`)
      await wait(100)
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(new Error(`trying port ${port} of 127.0.0.1`, { cause: error }))))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
