import { chmodSync, rmSync } from 'node:fs'
import net from 'node:net'

const sentence = 'There is no Manager yet: assign the role Manager to a machine and wait until it is ready.\n'
const unavailable = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(sentence)}\r\nretry-after: 5\r\nconnection: close\r\n\r\n${sentence}`
const unreachable = unavailable.replace(sentence, 'The Manager does not answer: see the cloud page.\n').replace(/content-length: \d+/, `content-length: ${Buffer.byteLength('The Manager does not answer: see the cloud page.\n')}`)

/**
 * The cloud's load balancer for the host's loopback: each connection to the Unix socket goes to port 80 of the Manager of that moment, or
 * gets 503 with a sentence while there is none.
 *
 * @param target `{ host, port }` of the current Manager, or undefined
 */
export function openBalancerDoor(socketPath: string, target: () => { host: string; port: number } | undefined): { close(): void } {
  rmSync(socketPath, { force: true })
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const to = target()
    client.on('error', () => client.destroy())
    if (to === undefined) return refuse(client, unavailable)
    const manager = net.connect({ ...to, allowHalfOpen: true, timeout: 10_000 })
    let connected = false
    manager.once('connect', () => {
      connected = true
      manager.setTimeout(0)
      client.pipe(manager)
      manager.pipe(client)
    })
    manager.once('timeout', () => manager.destroy(new Error('no answer')))
    manager.once('error', () => (connected ? client.destroy() : refuse(client, unreachable)))
    client.once('close', () => manager.destroy())
  })
  server.listen(socketPath, () => chmodSync(socketPath, 0o600))
  return { close: () => server.close() }
}

/** Answers after the first bytes of the request, so that a client has said what it wants before it is refused. */
function refuse(client: net.Socket, answer: string): void {
  client.setTimeout(5000, () => client.destroy())
  client.once('data', () => client.end(answer))
  client.resume()
}
