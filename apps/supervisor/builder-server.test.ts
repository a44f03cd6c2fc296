import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { getPriority, tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { serveBuilder } from './builder-server.ts'

let home = ''
beforeEach(() => { home = mkdtempSync(path.join(tmpdir(), 'sc-builder-')) })
afterEach(() => rmSync(home, { recursive: true, force: true }))

const asked = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } as Parameters<typeof serveBuilder>[0]['caller']

/** A build that has started a program, in its own process group or `detached` from it, and is gone; the program holds its output. The program's process id. */
async function orphan(detached: boolean): Promise<{ pid: number; close(): void }> {
  const [program, told] = [path.join(home, 'build.mjs'), path.join(home, 'pid')]
  writeFileSync(program, `
    import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    const child = spawn('sleep', ['120'], { stdio: 'inherit', detached: ${detached} })
    process.on('exit', () => writeFileSync(${JSON.stringify(told)}, child.pid + ' ' + process.pid))
    child.unref()
  `)
  const builder = serveBuilder({ socket: path.join(home, 'builder.sock'), caller: asked, program, dataDir: home, onLine() {} })
  const [pid = 0, leader = 0] = await vi.waitUntil(() => {
    const both = existsSync(told) ? readFileSync(told, 'utf8').split(' ').map(Number) : []
    return both.length === 2 && !existsSync(`/proc/${both[1]}`) && both
  }, { timeout: 30_000 })
  expect(leader).toBeGreaterThan(0)
  return { pid, close: () => builder.close() }
}

it('ends what a build has started with the build', async () => {
  const { pid, close } = await orphan(false)
  close()
  await vi.waitUntil(() => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '), { timeout: 30_000 })
})

it('closes where a build has just ended by itself', async () => {
  const { pid, close } = await orphan(true)
  try {
    expect(close).not.toThrow()
  } finally {
    process.kill(pid, 'SIGKILL')
  }
})

it('lets the machines go before the builds that none of them waits for', async () => {
  const [program, socket] = [path.join(home, 'build.mjs'), path.join(home, 'builder.sock')]
  writeFileSync(program, `
    import { getPriority } from 'node:os'
    console.log(JSON.stringify({ done: true, dir: process.argv[4] + ' at ' + getPriority() }))
  `)
  const builder = serveBuilder({ socket, caller: asked, program, dataDir: home, onLine() {} })
  try {
    await vi.waitUntil(() => existsSync(socket), { timeout: 30_000 })
    const own = getPriority()
    for (const [image, priority] of [['ramdisk', own], ['runtime-base', Math.min(own + 10, 19)], ['debian-13', Math.min(own + 10, 19)]] as const) {
      const client = net.connect(socket)
      client.write(`${JSON.stringify({ build: image })}\n`)
      expect(await text(client)).toContain(`"dir":"${image} at ${priority}"`)
    }
  } finally {
    builder.close()
  }
})
