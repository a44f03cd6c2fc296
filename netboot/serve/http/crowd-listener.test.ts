import http from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { listenForCrowd } from './crowd-listener.ts'

const crowd = 64
const opened: (() => void | Promise<void>)[] = []
afterEach(async () => { for (const close of opened.splice(0).toReversed()) await close() })

async function open(limit: number, refused = (): void => {}): Promise<{ server: http.Server; join: (count: number) => Socket[] }> {
  const server = http.createServer((_, res) => res.end('here'))
  const listening = await listenForCrowd(server, { host: '127.0.0.1', port: 0 }, limit, refused)
  opened.push(() => listening.close())
  const { port } = server.address() as AddressInfo
  const join = (count: number): Socket[] => Array.from({ length: count }, () => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => socket.destroy())
    opened.push(() => { socket.destroy() })
    return socket
  })
  return { server, join }
}

it('lets a crowd in within a few turns of the event loop: Node alone takes one connection a turn', async () => {
  const { server, join } = await open(1000)
  const entered: Socket[] = []
  server.on('connection', (socket: Socket) => { entered.push(socket) })
  join(crowd)
  let turns = 0
  for (; entered.length < crowd && turns < 1000; turns += 1) await turn()
  expect(entered.length).toBe(crowd)
  expect(turns).toBeLessThan(crowd / 2)
})

it('answers whichever handle let a client in, and closes with all of them', async () => {
  const { join } = await open(1000)
  const answers = await Promise.all(join(crowd).map(async (socket) => {
    socket.write('GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n')
    let text = ''
    for await (const part of socket.setEncoding('latin1') as AsyncIterable<string>) text += part
    return text.endsWith('here')
  }))
  expect(answers).toEqual(Array.from({ length: crowd }, () => true))
})

it('resets and tells of those above the limit while nobody is idle', async () => {
  let refused = 0
  const { join } = await open(crowd, () => { refused += 1 })
  let closed = 0
  const allClosed = new Promise<void>((resolve) => { for (const socket of join(crowd + 4)) socket.once('close', () => { if ((closed += 1) === 4) resolve() }) })
  await allClosed
  expect(refused).toBe(4)
})
