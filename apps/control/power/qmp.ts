import net from 'node:net'
import readline from 'node:readline'

/**
 * Runs QMP commands on one guest, one after the other, and returns their answers. Rejects with QEMU's own words, or when `signal` aborts.
 *
 * @see QEMU Machine Protocol Specification, §2
 */
export function runQmp(socketPath: string, commands: readonly string[], signal: AbortSignal): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: socketPath, signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) })
    const answers: unknown[] = []
    const queue = ['qmp_capabilities', ...commands]
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('QEMU closed its QMP socket')))
    const next = (): void => {
      const command = queue.shift()
      if (command !== undefined) return void socket.write(`${JSON.stringify({ execute: command })}\n`)
      resolve(answers.slice(1))
      socket.end()
    }
    readline.createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as { QMP?: unknown; return?: unknown; error?: { desc: string } }
      if (message.QMP !== undefined) return next()
      if (message.error !== undefined) return void socket.destroy(new Error(message.error.desc))
      if (message.return === undefined) return // an event
      answers.push(message.return)
      next()
    }).on('error', reject)
  })
}
