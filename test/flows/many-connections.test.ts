import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectionLimit } from '#netboot/serve/http/boot-http'
import type { CrowdReport } from '../sim/http-crowd.ts'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

const root = path.join(import.meta.dirname, '../..')
const files = mkdtempSync(path.join(os.tmpdir(), 'sc-crowd-'))
const file = randomBytes(48 * 1024)
let world: NetbootWorld

beforeAll(async () => {
  writeFileSync(path.join(files, 'loader'), file)
  world = await openNetbootWorld({ files: { 'snponly.efi': path.join(files, 'loader') } })
})
afterAll(async () => { await world?.close(); rmSync(files, { recursive: true, force: true }) })

it('serves as many clients at once as it has connections, makes room where they are idle, closes and counts the one beyond where they are not, and is well afterwards', async () => {
  const { output } = await world.client([process.execPath, '--import', path.join(root, 'node_modules/tsx/dist/esm/index.mjs'), path.join(root, 'test/sim/http-crowd.ts'), 'http://10.77.0.1/files/snponly.efi', String(connectionLimit)], { seconds: 90 })
  const whole = `200 ${createHash('sha256').update(file).digest('hex')}`
  const report = JSON.parse(output) as CrowdReport
  console.log(`crowd: ${connectionLimit} connections, three files each, in ${report.seconds.toFixed(1)} s`)
  expect(report).toMatchObject({ first: { [whole]: connectionLimit }, open: connectionLimit, again: { [whole]: connectionLimit }, kept: connectionLimit, beyondIdle: whole, third: { [whole]: connectionLimit }, beyondBusy: 'ECONNRESET', afterwards: whole })
  await world.event('datagrams.dropped', (event) => event.receiver === 'http' && event.reason === 'too-many')
  expect(world.isAlive()).toBe(true)
  expect((await world.client(['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', 'http://10.77.0.1/boot.ipxe'])).output).toBe('200')
})
