import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Machine } from '#contract/operator-api'
import { bundle, controlPrograms } from '../../scripts/bundle.ts'
import { clearLabNetwork, inside, labNames, labStanding, makeLabNetwork } from '../../apps/supervisor/lab/network.ts'
import { layOutRamdisk } from '../bench/peers/control.ts'
import { prepare } from '../bench/noise.ts'
import { until } from '../lab/appliance.ts'

const execute = promisify(execFile)
const root = path.join(import.meta.dirname, '../..')
const home = mkdtempSync(path.join(tmpdir(), 'sc-simulate-'))
const [data, run] = [path.join(home, 'data'), path.join(home, 'run')]
const built = path.join(root, `dist/simulate-${process.pid}`)
const names = labNames(`s${process.pid % 100_000}`)
let control: ChildProcess

/** Runs `systemcloud` as root would on the appliance; resolves to its exit code and words. */
async function type(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return execute(process.execPath, [path.join(built, 'systemcloud.mjs'), ...words], { env: { ...process.env, SYSTEM_CLOUD_RUN: run }, timeout: 100_000, maxBuffer: 32 * 1024 * 1024 })
    .then(({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }), (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, out: error.stdout, err: error.stderr }))
}
const say = (lab: object | undefined): void => writeFileSync(path.join(run, 'appliance.json'), JSON.stringify({ socket: path.join(run, 'operator.sock'), url: 'https://127.0.0.1:1', dataDir: data, ...(lab === undefined ? {} : { lab }) }))

beforeAll(async () => {
  await bundle({ ...controlPrograms, systemcloud: 'apps/cli/main.ts', storm: 'test/sim/storm/main.ts' }, built)
  for (const folder of [data, run]) mkdirSync(folder)
  const mebibyte = 1 << 20
  layOutRamdisk(path.join(data, 'images/ramdisk-0123456789abcdef'), prepare(home, 'files', { 'undionly.kpxe': mebibyte / 4, 'snponly.efi': mebibyte / 4, 'ipxe.efi': mebibyte / 4, vmlinuz: mebibyte, 'initrd.img': mebibyte }))
  await makeLabNetwork(names, 0)
  const [enter, prefix] = inside(names.app)
  control = spawn(enter, [...prefix, process.execPath, path.join(built, 'control.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SYSTEM_CLOUD_DATA: data, SYSTEM_CLOUD_RUN: run, SYSTEM_CLOUD_ROOT: root, SYSTEM_CLOUD_INTERFACE: labStanding.interface, SYSTEM_CLOUD_ADDRESS: labStanding.address, SYSTEM_CLOUD_CIDR: labStanding.cidr, SYSTEM_CLOUD_LAB_DIR: path.join(run, 'qmp'), SYSTEM_CLOUD_LOG: 'warn' },
  })
  say(names)
  await until('the appliance answers', 60_000, async () => (await type('status')).code === 0)
})
afterAll(async () => {
  control?.kill('SIGKILL')
  await clearLabNetwork(names)
  for (const folder of [home, built]) rmSync(folder, { recursive: true, force: true })
})

it('simulates machines behind a relay: all boot, and are told apart from real ones', async () => {
  const { code, out, err } = await type('lab', 'simulate', '30', '--seed', '3', '--fault', 'duplicate,reorder,crash', '--within', '2', '--json')
  expect(err).toContain('of 30 on')
  expect(JSON.parse(out)).toMatchObject({ machines: 30, booted: 30, naks: 0, duplicates: 0 })
  expect(code).toBe(0)
  const machines = await until('all are discovered', 30_000, async () => {
    const all = JSON.parse((await type('machines', '--json')).out) as Machine[]
    return all.length === 30 && all.every(({ phase }) => phase === 'discovered') && all
  })
  expect(machines.every(({ name, inventory, address, power }) => name.startsWith('simulated-') && inventory?.product === 'Simulated machine' && address?.startsWith('10.78.') === true && power.driver === 'manual')).toBe(true)
  // Nothing of it stays behind but what the appliance knows.
  expect((await execute('ip', ['netns', 'list'])).stdout).not.toContain(names.wire.replace('sc-lab', 'sc-sim'))
})

it('forgets them all, and their network, in one go', async () => {
  expect(await type('lab', 'simulate', '--remove', '--yes')).toMatchObject({ code: 0, out: '30 simulated machines forgotten.\n' })
  expect(JSON.parse((await type('machines', '--json')).out)).toEqual([])
  expect((JSON.parse((await type('networks', '--json')).out) as { id: string }[]).map(({ id }) => id)).not.toContain('simulated')
})

it('refuses a real network, and words that make no sense', async () => {
  expect(await type('lab', 'simulate', '5', '--fault', 'gremlins')).toMatchObject({ code: 2 })
  expect(await type('lab', 'simulate', 'many')).toMatchObject({ code: 2 })
  expect(await type('lab', 'simulate')).toMatchObject({ code: 2 })
  say(undefined)
  const refused = await type('lab', 'simulate', '5')
  say(names)
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('only in a lab')
})
