import net from 'node:net'
import readline from 'node:readline'

/** Runs QMP commands on one guest, one after the other, and returns their answers. Throws after `timeoutMs` without one. */
export function qmp(socketPath: string, commands: readonly string[], timeoutMs = 5000): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath)
    const answers: unknown[] = []
    const queue = ['qmp_capabilities', ...commands]
    const timer = setTimeout(() => socket.destroy(new Error(`no answer on ${socketPath}`)), timeoutMs)
    socket.once('close', () => clearTimeout(timer))
    socket.once('error', reject)
    const next = (): void => {
      const command = queue.shift()
      if (command !== undefined) return void socket.write(`${JSON.stringify({ execute: command })}\n`)
      socket.end()
      resolve(answers.slice(1))
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
