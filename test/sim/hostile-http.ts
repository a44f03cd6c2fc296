import net from 'node:net'
import tls from 'node:tls'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { hostilePackets } from './random.ts'

/**
 * Sends hostile requests over TCP or TLS, to be run in a network namespace. Reads `{"host","port","tls","seeds","requests","atOnce","seed"}` lines (`seeds`
 * are whole requests as text) and prints `{"sent":N,"answered":N,"stuck":N}` after each: a server may close a
 * connection, but must not keep one for ever that its client has ended.
 */
interface Attack { readonly host: string; readonly port: number; readonly tls: boolean; readonly seeds: readonly string[]; readonly requests: number; readonly atOnce: number; readonly seed: number }
interface Counts { sent: number; answered: number; /** Neither answered nor closed within seconds of the client’s end. */ stuck: number }

/** A request that is not answered by then is taken for one whose end is missing, and the connection is closed from this side. */
const patienceMs = 100
/** What a server does with a request that ends too early takes it no longer than this. */
const closingMs = 5000

/**
 * Sends requests on one connection after the other; resolves when the packets are used up. A later connection resumes the TLS session of an earlier one,
 * so that the time goes to requests and not to handshakes.
 */
async function worker(attack: Attack, packets: Iterator<Uint8Array>, counts: Counts): Promise<void> {
  let session: Buffer | undefined
  for (let next = packets.next(); next.done !== true;) {
    const socket = attack.tls ? tls.connect({ host: attack.host, port: attack.port, rejectUnauthorized: false, ...(session === undefined ? {} : { session }) }) : net.connect(attack.port, attack.host)
    if (attack.tls) socket.on('session', (one: Buffer) => { session = one })
    const closed = new Promise<false>((resolve) => { socket.once('close', () => resolve(false)) })
    socket.on('error', () => undefined)
    while (!socket.destroyed && next.done !== true) {
      const answer = new Promise<boolean>((resolve) => { socket.once('data', () => resolve(true)) })
      socket.write(next.value)
      counts.sent += 1
      next = packets.next()
      let isAnswered = await Promise.race([answer, closed, within(patienceMs)])
      if (isAnswered === undefined) {
        socket.end()
        isAnswered = await Promise.race([answer, closed, within(closingMs)])
        if (isAnswered === undefined) counts.stuck += 1
      }
      if (isAnswered === true) counts.answered += 1
      if (isAnswered !== true || socket.writableEnded) break
    }
    socket.destroy()
  }
}

const within = (ms: number): Promise<undefined> => wait(ms, undefined, { ref: false })

async function run(attack: Attack): Promise<void> {
  const seeds = attack.seeds.map((text) => new TextEncoder().encode(text))
  const packets = hostilePackets(seeds, attack.requests, attack.seed)
  const counts: Counts = { sent: 0, answered: 0, stuck: 0 }
  await Promise.all(Array.from({ length: attack.atOnce }, () => worker(attack, packets, counts)))
  process.stdout.write(`${JSON.stringify(counts)}\n`)
}

let queue = Promise.resolve()
const input = createInterface({ input: process.stdin })
input.on('line', (line) => { queue = queue.then(() => run(JSON.parse(line) as Attack)) })
input.on('close', () => process.exit(0))
process.stdout.write('{"ready":true}\n')
