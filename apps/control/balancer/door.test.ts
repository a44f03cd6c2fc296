import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBalancerDoor } from './door.ts'

let folder: string
let backend: http.Server
let target: { host: string; port: number } | undefined
let door: { close(): void }

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'door-'))
  backend = http.createServer((request, response) => response.end(`host ${request.headers.host}`))
  await new Promise<void>((resolve) => { backend.listen(0, '127.0.0.1', resolve) })
  target = undefined
  door = openBalancerDoor(path.join(folder, 'lb.sock'), () => target)
})
afterEach(() => {
  door.close()
  backend.close()
  rmSync(folder, { recursive: true })
})

function get(): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    http.get({ socketPath: path.join(folder, 'lb.sock'), path: '/', headers: { host: 'guestbook.lab.test' }, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => { text += part }).on('end', () => resolve({ status: answer.statusCode, text }))
    }).on('error', reject)
  })
}

describe('the door to the load balancer', () => {
  it('follows the current Manager', async () => {
    expect(await get()).toMatchObject({ status: 503, text: expect.stringContaining('no Manager yet') as string })
    target = { host: '127.0.0.1', port: (backend.address() as AddressInfo).port }
    expect(await get()).toEqual({ status: 200, text: 'host guestbook.lab.test' })
  })

  it('says so where the Manager does not answer', async () => {
    target = { host: '127.0.0.1', port: 1 }
    expect(await get()).toMatchObject({ status: 503, text: expect.stringContaining('does not answer') as string })
  })
})
