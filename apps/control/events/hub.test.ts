import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io } from 'socket.io-client'
import { expect, it, vi } from 'vitest'
import type { JournalEvent } from '#contract/events'
import { openHub, type HubSources } from './hub.ts'

it('lets a socket go whose session has ended, and keeps the others', async () => {
  const sessions = new Set(['of=ada', 'of=bob'])
  const listeners = new Set<(event: JournalEvent) => void>()
  const quiet = () => () => undefined
  const sources: HubSources = {
    events: () => [], log: () => ({ lines: [], nextSeq: 0 }), onLog: quiet, onMachine: quiet, onImage: quiet, onCloud: quiet,
    onEvent: (listener) => { listeners.add(listener); return () => listeners.delete(listener) },
    admit: ({ cookie }) => Promise.resolve(sessions.has(cookie ?? '')),
  }
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const hub = openHub(server, sources, 50)
  const come = (cookie: string) => {
    const [socket, seen] = [io(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { extraHeaders: { cookie }, reconnection: false, forceNew: true }), new Array<unknown>()]
    socket.on('events', (events: JournalEvent[]) => void seen.push(...events))
    socket.on('connect', () => socket.emit('join', { room: 'fleet' }))
    return { socket, seen }
  }
  const [ada, bob, eve] = [come('of=ada'), come('of=bob'), come('of=nobody')]
  try {
    await vi.waitUntil(() => ada.socket.connected && bob.socket.connected, { timeout: 30_000 })
    const left = new Promise((resolve) => { ada.socket.once('disconnect', resolve) })
    sessions.delete('of=ada')
    expect(await left).toBe('io server disconnect')
    for (const listener of listeners) listener({ seq: 1, machineId: null } as JournalEvent)
    await vi.waitUntil(() => bob.seen.length === 1, { timeout: 30_000 })
    expect([ada.seen, bob.socket.connected, eve.socket.connected]).toEqual([[], true, false])
  } finally {
    for (const { socket } of [ada, bob, eve]) socket.close()
    await hub.close()
    server.close()
  }
})
