import dgram from 'node:dgram'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { hostilePackets, strangersQuestions } from './random.ts'

/**
 * Sends hostile datagrams, to be run in a network namespace: `node flood-client.mjs`. Reads `{"seeds","server","port","from","packets","seed","perSecond"}`
 * lines (seeds in base64; with
 * `"strangers": true` none, but a question of another MAC each for an address), one flood at a time, and prints `{"sent":N}` after each. `from` names own addresses, which take turns: a server that bounds what one address
 * may ask decodes more of them.
 */
interface Flood { readonly strangers?: boolean; readonly seeds: readonly string[]; readonly server: string; readonly port: number; readonly from: readonly string[]; readonly packets: number; readonly seed: number; readonly perSecond: number }

async function flood({ strangers, seeds, server, port, from, packets, seed, perSecond }: Flood): Promise<void> {
  const sockets = await Promise.all(from.map(async (address) => {
    const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.on('error', () => undefined) // an answer that nobody waits for
    await new Promise<void>((resolve) => socket.bind(0, address, resolve))
    return socket
  }))
  const startedAt = Date.now()
  let sent = 0
  const all = strangers === true ? strangersQuestions(packets, seed, server) : hostilePackets(seeds.map((text) => Buffer.from(text, 'base64')), packets, seed)
  for (const packet of all) {
    sockets[sent % sockets.length]?.send(packet, port, server)
    sent += 1
    if (sent % 100 === 0) {
      const aheadMs = (sent / perSecond) * 1000 - (Date.now() - startedAt)
      await wait(Math.max(0, aheadMs))
    }
  }
  await wait(50)
  for (const socket of sockets) socket.close()
  process.stdout.write(`${JSON.stringify({ sent })}\n`)
}

let queue = Promise.resolve()
const input = createInterface({ input: process.stdin })
input.on('line', (line) => { queue = queue.then(() => flood(JSON.parse(line) as Flood)) })
input.on('close', () => process.exit(0))
process.stdout.write('{"ready":true}\n')
