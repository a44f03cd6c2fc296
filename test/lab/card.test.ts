import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JournalEvent } from '#contract/events'
import type { Network } from '#contract/network-api'
import type { Machine } from '#contract/operator-api'
import { lldpPacket, neighbour } from '../sim/lldp-neighbour.ts'
import { Hopeless, freePort, makeHome, startUp, until, type LabRun } from './appliance.ts'
import { CardRig, serialText, talkingDisk, type RackMachine } from './card-rig.ts'

const root = path.join(import.meta.dirname, '../..')
const minute = 60_000
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('a real card: skipped, a part of the full run')

/** Asks the operator API over its Unix socket. */
function api(run: LabRun, method: string, route: string, body: unknown): Promise<unknown> {
  const text = JSON.stringify(body)
  const { socket } = JSON.parse(readFileSync(path.join(run.runDir, 'appliance.json'), 'utf8')) as { socket: string }
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: socket, path: `/api/v1/${route}`, method, headers: { host: 'localhost', 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, (answer) => {
      let all = ''
      answer.setEncoding('utf8').on('data', (part: string) => { all += part }).on('end', () => (answer.statusCode === 200 ? resolve(JSON.parse(all)) : reject(new Error(all))))
    })
    request.on('error', reject)
    request.end(text)
  })
}

describe.runIf(isFull)('a real network card, and a machine with nothing but its own wake-up', () => {
  // Vitest enters this block where it is skipped too: nothing is made before the tests begin.
  let rig: CardRig
  let home: ReturnType<typeof makeHome>
  let run: LabRun
  let box: RackMachine

  const machine = async (): Promise<Machine> => {
    const found = (await run.machines()).find((one) => one.mac === box.mac)
    if (found?.phase === 'failed') throw new Hopeless(found.problem ?? 'failed')
    if (found === undefined) throw new Error('not seen yet')
    return found
  }
  const seen = (what: string, fits: (one: Machine) => boolean, minutes = 6): Promise<Machine> =>
    until(what, minutes * minute, async () => { const one = await machine(); return fits(one) ? one : undefined }, () => `${run.output()}\n${serialText(box).slice(-3000)}`)
  const events = async (): Promise<JournalEvent[]> => JSON.parse(await run.cli('events', box.mac, '--json')) as JournalEvent[]
  const boots = async (): Promise<number> => (await events()).filter((event) => event.kind === 'script.rendered').length
  const off = (): Promise<boolean | undefined> => until('it is off', 2 * minute, async () => !box.isOn())

  beforeAll(async () => {
    home = makeHome('card')
    rig = new CardRig(2)
    // The builder needs the mirror, which the card's namespace does not reach: what a person's appliance has from its other card.
    execFileSync(path.join(root, 'scripts/install'), ['test'], { stdio: 'inherit' })
    for (const image of ['ramdisk', 'loaders', 'debian-13', 'runtime-base']) execFileSync(process.execPath, [path.join(root, 'dist/image-build.mjs'), '--data', home.dataDir, image], { stdio: ['ignore', 'ignore', 'inherit'] })
    const port = await freePort()
    await rig.listen()
    run = await startUp(home, [...rig.onCard('env', 'SYSTEM_CLOUD_KERNEL_ARGUMENTS=clearcpuid=cx16', path.join(root, 'scripts/up')), '--interface', 'card0', '--subnet', '10.78.0.0/24', '--http', String(port)], { consoleUrl: `http://127.0.0.1:${port}`, balancerPort: 0 })
    box = rig.add(0, path.join(home.dataDir, 'rack'), { wakes: true })
  })
  afterAll(async () => {
    await rig?.remove().finally(() => run?.stop())
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
  })

  it('gives the bare card the first address of the subnet, and the console its port', async () => {
    const [network] = JSON.parse(await run.cli('networks', '--json')) as Network[]
    expect(network).toMatchObject({ interface: 'card0', address: '10.78.0.1', cidr: '10.78.0.0/24', mode: 'full', policy: 'discover' })
    const [command = '', ...words] = rig.onCard('curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', `${run.consoleUrl}/`)
    expect((await promisify(execFile)(command, words)).stdout).toMatch(/^(200|30\d)$/)
  })

  it('finds the second appliance’s server there, and refuses to be a third', async () => {
    const refused = await promisify(execFile)('ip', ['netns', 'exec', rig.rack, 'sh', '-c', 'ip link set br0 up; exec "$@"', 'sh', process.execPath, path.join(root, 'dist/up.mjs'), '--interface', 'br0', '--subnet', '10.99.0.0/24'], { env: { ...process.env, SYSTEM_CLOUD_DATA: path.join(home.home, 'second'), SYSTEM_CLOUD_RUN: path.join(home.home, 'second-run') } })
      .catch((error: unknown) => error as { code: number; stderr: string; stdout: string })
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.stderr).toContain('10.78.0.1 gives addresses on br0 already')
  })

  it('discovers the machine that somebody switched on, with the switch port that LLDP names', async () => {
    const neighbours = rig.beside(process.execPath, '--import', 'tsx', path.join(root, 'test/sim/lldp-neighbour.ts'), 'tap0')
    expect(neighbours.pid).toBeDefined()
    expect(lldpPacket.length).toBeGreaterThan(40)
    box.press()
    const found = await seen('discovered', (one) => one.phase === 'discovered')
    expect(found.power).toMatchObject({ driver: 'manual', state: 'on', can: [] })
    expect(found.inventory).toMatchObject({ manufacturer: 'Bench', serial: 'CARD-1', firmware: 'bios' })
    const heard = await seen('a neighbour', (one) => one.inventory?.nics[0]?.lldp != null)
    expect(heard.inventory?.nics[0]?.lldp).toEqual(neighbour)
  })

  it('asks a person where nothing else drives the power, and goes on when the machine is heard of', async () => {
    await run.cli('power', box.mac, 'off', '--yes')
    await off()
    await run.cli('power', box.mac, 'on', '--yes')
    expect(await machine()).toMatchObject({ attention: 'Press the power button', power: { state: 'off' } })
    expect(rig.heard).toEqual([])
    box.press()
    await seen('heard of', (one) => one.attention === null && one.power.state === 'on')
  })

  it('wakes it over the wire, and deploys it from there', async () => {
    await api(run, 'PUT', `machines/${(await machine()).id}/power-driver`, { driver: 'wake-on-lan', options: {} })
    const before = await boots()
    // Where the ramdisk does not run yet, a person is asked: the order goes out as soon as it does.
    await until('it takes the order', 3 * minute, async () => { await run.cli('power', box.mac, 'off', '--yes'); return (await machine()).power.state === 'off' })
    await off()
    expect(box.isOn()).toBe(false)
    await run.cli('assign', box.mac, 'manager', '--yes')
    await seen('it was woken', () => box.isOn())
    expect(rig.heard).toContain(box.mac)
    expect(new Set(rig.heard)).toEqual(new Set([box.mac]))
    await seen('the image is written', (one) => one.steps.some((step) => step.kind === 'writeImage' && step.status === 'running'), 10)
    expect(await boots()).toBeGreaterThan(before)
    await seen('ready', (one) => one.phase === 'ready', 25)
  })

  it('has its agent restart it', async () => {
    const before = await boots()
    await run.cli('power', box.mac, 'cycle', '--yes')
    expect((await machine()).attention).toBeNull()
    await until('it boots again', 5 * minute, async () => (await boots()) > before)
    await seen('its agent is back', (one) => one.phase === 'ready' && (one.metrics?.uptimeSeconds ?? 1e9) < 240, 10)
  })

  it('releases it back to discovered by a restart of its agent', async () => {
    const packets = rig.heard.length
    await run.cli('release', box.mac, '--yes')
    const found = await seen('discovered again', (one) => one.phase === 'discovered', 15)
    expect(found.role).toBeNull()
    expect(found.attention).toBeNull()
    // Nobody pressed a button, and no packet was needed.
    expect(rig.heard).toHaveLength(packets)
    expect(found.inventory?.disks[0]?.contents).toContain('sc-srv')
  })

  it('leaves a stranger’s machine to its own disk where the policy is to ignore it', async () => {
    await box.pull()
    await api(run, 'PATCH', 'networks/provisioning', { policy: 'ignore' })
    const stranger = rig.add(1, path.join(home.dataDir, 'rack'), { wakes: false, disk: talkingDisk('MY OWN DISK') })
    stranger.press()
    await until('its disk starts', 5 * minute, async () => serialText(stranger).includes('MY OWN DISK'), () => serialText(stranger))
    expect((await run.machines()).map((one) => one.mac)).not.toContain(stranger.mac)
    expect(readFileSync(path.join(run.dataDir, 'log/control.log'), 'utf8')).not.toContain('"level":60')
  })
})
