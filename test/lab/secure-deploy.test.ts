import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JournalEvent } from '#contract/events'
import type { Machine } from '#contract/operator-api'
import { Hopeless, freePort, makeHome, startUp, until, type LabRun } from './appliance.ts'
import { CardRig, serialText, type RackMachine } from './card-rig.ts'
import { requireMeans } from './firmware.ts'

const root = path.join(import.meta.dirname, '../..')
const minute = 60_000
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('a deploy under Secure Boot: skipped, a part of the full run')

describe.runIf(isFull)('a machine with Secure Boot, deployed by the appliance itself', () => {
  let rig: CardRig
  let home: ReturnType<typeof makeHome>
  let run: LabRun
  let box: RackMachine

  const seen = (what: string, fits: (one: Machine) => boolean, minutes = 6): Promise<Machine> => until(what, minutes * minute, async () => {
    const one = (await run.machines()).find(({ mac }) => mac === box.mac)
    if (one?.phase === 'failed') throw new Hopeless(one.problem ?? 'failed')
    return one !== undefined && fits(one) ? one : undefined
  }, () => `${run.output()}\n${serialText(box).slice(-3000)}`)
  const events = async (): Promise<JournalEvent[]> => JSON.parse(await run.cli('events', box.mac, '--json')) as JournalEvent[]
  /** How many lines of its serial line say that the kernel is locked down by firmware: one for each start of a kernel. */
  const locks = (): number => serialText(box).split('Kernel is locked down from EFI Secure Boot').length - 1

  beforeAll(async () => {
    requireMeans()
    home = makeHome('secure-deploy')
    rig = new CardRig(1)
    execFileSync(path.join(root, 'scripts/install'), ['test'], { stdio: 'inherit' })
    // The builder needs the mirror, which the card's namespace does not reach.
    for (const image of ['ramdisk', 'loaders', 'debian-13', 'runtime-base']) execFileSync(process.execPath, [path.join(root, 'dist/image-build.mjs'), '--data', home.dataDir, image], { stdio: ['ignore', 'ignore', 'inherit'] })
    const port = await freePort()
    run = await startUp(home, [...rig.onCard('env', 'SYSTEM_CLOUD_KERNEL_ARGUMENTS=clearcpuid=cx16 loglevel=7', path.join(root, 'scripts/up')), '--interface', 'card0', '--subnet', '10.78.0.0/24', '--http', String(port)], { consoleUrl: `http://127.0.0.1:${port}`, balancerPort: 0 })
    box = rig.add(0, path.join(home.dataDir, 'rack'), { wakes: false, isSecure: true })
  })
  afterAll(async () => {
    await rig?.remove().finally(() => run?.stop())
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
  })

  it('is discovered by the signed loaders', async () => {
    const beganMs = performance.now()
    box.press()
    const found = await seen('discovered', (one) => one.phase === 'discovered', 10)
    console.log(`secure deploy: discovered after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`)
    expect(found.inventory).toMatchObject({ firmware: 'uefi', secureBoot: true })
  })

  it('is written, starts from its disk under lockdown, and enrols', async () => {
    const before = locks()
    await run.cli('assign', box.mac, 'manager', '--yes')
    await until('its agent enrolled', 25 * minute, async () => (await events()).some(({ kind }) => kind === 'agent.enrolled'), () => `${run.output()}\n${serialText(box).slice(-3000)}`)
    expect(locks()).toBeGreaterThan(before)
    await seen('its agent reports', (one) => one.metrics !== null, 5)
  })
})
