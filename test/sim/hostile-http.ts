import net from 'node:net'
import tls from 'node:tls'
import { createInterface } from 'node:readline'
import { hostilePackets } from './random.ts'

/**
 * Sends hostile requests over TCP or TLS, to be run in a network namespace. Reads `{"host","port","tls","seeds","requests","atOnce","seed"}` lines (`seeds`
 * are whole requests as text) and prints `{"sent":N,"answered":N}` after each: a server may close a connection, but must not keep one for ever.
 */
interface Attack { readonly host: string; readonly port: number; readonly tls: boolean; readonly seeds: readonly string[]; readonly requests: number; readonly atOnce: number; readonly seed: number }

const patienceMs = 1500

/** Sends requests on one connection after the other; resolves when the packets are used up. */
async function worker(attack: Attack, packets: Iterator<Uint8Array>, counts: { sent: number; answered: number }): Promise<void> {
  for (let next = packets.next(); next.done !== true;) {
    const socket = attack.tls ? tls.connect({ host: attack.host, port: attack.port, rejectUnauthorized: false }) : net.connect(attack.port, attack.host)
    const closed = new Promise<void>((resolve) => { socket.once('close', () => resolve()) })
    socket.on('error', () => undefined)
    while (!socket.destroyed && next.done !== true) {
      const answer = new Promise<boolean>((resolve) => { socket.once('data', () => resolve(true)); setTimeout(resolve, patienceMs, false).unref() })
      socket.write(next.value)
      counts.sent += 1
      next = packets.next()
      if (!(await Promise.race([answer, closed.then(() => false)]))) break
      counts.answered += 1
    }
    socket.destroy()
  }
}

async function run(attack: Attack): Promise<void> {
  const seeds = attack.seeds.map((text) => new TextEncoder().encode(text))
  const packets = hostilePackets(seeds, attack.requests, attack.seed)
  const counts = { sent: 0, answered: 0 }
  await Promise.all(Array.from({ length: attack.atOnce }, () => worker(attack, packets, counts)))
  process.stdout.write(`${JSON.stringify(counts)}\n`)
}

let queue = Promise.resolve()
const input = createInterface({ input: process.stdin })
input.on('line', (line) => { queue = queue.then(() => run(JSON.parse(line) as Attack)) })
input.on('close', () => process.exit(0))
process.stdout.write('{"ready":true}\n')
