import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { defaultDownloadLimit, watchDownloads } from './downloads.ts'

const mac = '52:54:00:00:00:01'
const request = {} as IncomingMessage
const response = (): ServerResponse & EventEmitter => new EventEmitter() as ServerResponse & EventEmitter

describe('watchDownloads', () => {
  it('shows who downloads what, and who waits at which place', async () => {
    const downloads = watchDownloads(1, (address) => (address === '10.0.0.1' ? mac : null), () => 1000)
    expect(await downloads.admit(request, response(), '10.0.0.1')).toBe(true)
    const file = downloads.began('10.0.0.1', 'chunks/aa', 2000, { sentBytes: () => 500, ended: new Promise(() => {}) })
    const second = response()
    const waiting = downloads.admit(request, second, '10.0.0.2')
    expect(downloads.view()).toEqual([
      { kind: 'http', mac, address: '10.0.0.1', file: 'chunks/aa', sizeBytes: 2000, sentBytes: 500, startedAtMs: 1000, bytesPerSecond: 0, position: 0 },
      { kind: 'http', mac: null, address: '10.0.0.2', file: 'image', sizeBytes: 0, sentBytes: 0, startedAtMs: null, bytesPerSecond: 0, position: 1 },
    ])
    file.ended(2000)
    expect(downloads.view().map(({ address, file: name, position }) => [address, name, position])).toEqual([['10.0.0.1', 'image', 0], ['10.0.0.2', 'image', 1]])
    second.emit('close')
    expect(await waiting).toBe(false)
    downloads.close()
  })
  it('lets fifty machines download at once where nobody set how many', async () => {
    const downloads = watchDownloads(defaultDownloadLimit, () => null, () => 0)
    const asked = Array.from({ length: 50 }, (_, n) => downloads.admit(request, response(), `10.0.0.${n}`))
    const last = response()
    const waiting = downloads.admit(request, last, '10.0.0.50')
    expect(downloads.view().map(({ position }) => position)).toEqual([...Array.from({ length: 50 }, () => 0), 1])
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, () => true))
    last.emit('close')
    expect(await waiting).toBe(false)
    downloads.close()
  })
  it('gives a place on as soon as it is free', async () => {
    let now = 0
    const downloads = watchDownloads(1, () => null, () => now)
    await downloads.admit(request, response(), 'a')
    const waiting = downloads.admit(request, response(), 'b')
    downloads.leave('a')
    now = 20_000
    // Another machine's request makes it look; it does not overtake.
    void downloads.admit(request, response(), 'c')
    downloads.leave('a')
    expect(await waiting).toBe(true)
    expect(downloads.view().map(({ address, position }) => [address, position])).toEqual([['b', 0], ['c', 1]])
  })
})
