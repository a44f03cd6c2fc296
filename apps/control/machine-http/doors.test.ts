import net from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { NetworkView } from '#netboot/site'
import { testNetwork } from '../../../test/sim/memory-site.ts'
import { openMachineDoors, type MachineDoors } from './doors.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const at = (address: string, relayed = false): NetworkView => ({ ...testNetwork, id: `${address} ${relayed}`, address, relayed })
let server: net.Server
let port: number
let doors: MachineDoors
let covered: string[]

beforeEach(async () => {
  covered = []
  server = net.createServer((socket) => socket.end(`at ${socket.localAddress}`))
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  port = (server.address() as net.AddressInfo).port
})
afterEach(async () => {
  await doors.close()
  await new Promise((resolve) => { server.close(resolve) })
})

const open = async (networks: () => readonly NetworkView[]): Promise<void> => {
  doors = await openMachineDoors({ server, first: '127.0.0.1', port, networks, cover: async () => { covered.push(networks().map(({ address }) => address).join(' ')) }, log })
}
/** What is said there, or why nothing is. */
const ask = (address: string): Promise<string> => new Promise((resolve) => {
  let text = ''
  net.connect(port, address).on('data', (bytes: Buffer) => { text += bytes.toString() }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')).on('end', () => resolve(text))
})

it('lets machines in at the address on every wire, which the certificate names before; behind a relay there is no other', async () => {
  await open(() => [at('127.0.0.1'), at('127.0.0.2'), at('127.0.0.3', true)])
  expect(await Promise.all(['127.0.0.1', '127.0.0.2', '127.0.0.3'].map(ask))).toEqual(['at 127.0.0.1', 'at 127.0.0.2', 'ECONNREFUSED'])
  expect([covered, doors.troubles()]).toEqual([['127.0.0.1 127.0.0.2 127.0.0.3'], []])
})

it('follows networks that come and go: who came in by a door that closes is sent away, and its address leaves the certificate', async () => {
  server.removeAllListeners('connection').on('connection', (socket: net.Socket) => socket.on('error', () => undefined).write(`at ${socket.localAddress}`))
  let networks = [at('127.0.0.1')]
  await open(() => networks)
  networks = [at('127.0.0.1'), at('127.0.0.2')]
  const inside = await vi.waitUntil(() => new Promise<net.Socket | undefined>((resolve) => { const socket = net.connect(port, '127.0.0.2').once('data', () => resolve(socket)).once('error', () => resolve(undefined)) }), { timeout: 10_000 })
  const sentAway = new Promise((resolve) => { inside.once('close', resolve) })
  networks = [at('127.0.0.1')]
  await sentAway
  expect(await ask('127.0.0.2')).toBe('ECONNREFUSED')
  await vi.waitUntil(() => covered.length === 2, { timeout: 10_000 })
  expect(covered).toEqual(['127.0.0.1 127.0.0.2', '127.0.0.1'])
})

it('says of an address that cannot be had whose machines miss it, and serves the others', async () => {
  await open(() => [at('127.0.0.1'), at('192.0.2.1'), at('127.0.0.2')])
  expect(doors.troubles()).toEqual([expect.stringMatching(new RegExp(`^Machines of ${testNetwork.cidr} cannot be discovered or deployed, because they find no TLS at 192\\.0\\.2\\.1, port ${port}\\. It is tried again every ten seconds: listen EADDRNOTAVAIL`))])
  expect(await ask('127.0.0.2')).toBe('at 127.0.0.2')
})
