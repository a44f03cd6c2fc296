import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '#cli/run'
import type { Terminal } from '#cli/terminal'
import type { Boots } from '#contract/blackbox-api'
import type { JournalEvent } from '#contract/events'
import { ControlProcess } from '../sim/control-process.ts'
import { captureFile } from '../sim/capture-story.ts'
import { readPcap } from '../sim/pcap.ts'

const [server, clients] = [`sc-bbs-${process.pid}`, `sc-bbc-${process.pid}`]
const ip = (...words: string[]): void => void execFileSync('ip', words)
let control: ControlProcess

beforeAll(async () => {
  for (const name of [server, clients]) ip('netns', 'add', name)
  ip('-n', server, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', clients)
  for (const name of [server, clients]) { ip('-n', name, 'link', 'set', 'lo', 'up'); ip('-n', name, 'link', 'set', 'eth0', 'up') }
  ip('-n', server, 'address', 'add', '10.77.0.1/24', 'dev', 'eth0')
  ip('-n', clients, 'address', 'add', '10.77.0.50/24', 'dev', 'eth0')
  control = await ControlProcess.make({ namespace: server, interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24' })
  await control.start()
})
afterAll(async () => {
  await control?.remove()
  for (const name of [server, clients]) ip('netns', 'delete', name)
})

/** Sends the questions of a captured machine again, `apart` milliseconds between them, as a broadcast from port 68. */
async function replay(capture: string, count: number, apart: number): Promise<void> {
  const asked = readPcap(readFileSync(captureFile(capture))).filter(({ to, payload }) => to.port === 67 && payload[0] === 1).slice(0, 1)
  const packets = Array.from({ length: count }, () => Buffer.from(asked[0]?.payload ?? []).toString('base64'))
  const program = `const d=require("dgram").createSocket("udp4");d.bind(68,async()=>{d.setBroadcast(true);for(const p of ${JSON.stringify(packets)}){d.send(Buffer.from(p,"base64"),67,"10.77.0.255");await new Promise(r=>setTimeout(r,${apart}))}d.close()})`
  await promisify(execFile)('ip', ['netns', 'exec', clients, process.execPath, '-e', program])
}
const boots = async (named: string): Promise<Boots> => (await control.api('GET', `machines/${named}/boots`)).value as Boots
const diagnosed = async (named: string): Promise<JournalEvent[]> => ((await control.api('GET', `machines/${named}/events`)).value as { events: JournalEvent[] }).events.filter(({ kind }) => kind === 'boot.diagnosed')

describe('a machine that never takes its offer', () => {
  const mac = '52:54:00:77:00:10'

  it('has that as its problem, while it asks, in plain words', async () => {
    await replay('bios-virtio-ipxe', 3, 1200)
    const machine = await control.until(mac, (m) => m.problem !== null)
    expect(machine.problem).toMatch(/^iPXE was offered 10\.77\.0\.\d+ 3 times and never asked for it\. Look whether answers reach it/)
  })

  it('has one boot on its timeline, with each packet, the gaps, and the evidence', async () => {
    const { boots: all, recordedBytes } = await boots(mac)
    expect(all).toHaveLength(1)
    const [boot] = all
    expect(boot).toMatchObject({ mac, firmware: 'BIOS', path: 'iPXE in the card', stage: 'loader' })
    const wire = boot?.entries.filter(({ lane }) => lane === 'dhcp') ?? []
    expect(wire.map(({ direction, title }) => `${direction} ${title}`)).toEqual(Array.from({ length: 3 }, () => ['in DISCOVER', 'out OFFER']).flat())
    expect(wire[2]?.gapMs).toBeGreaterThan(800)
    expect(wire.some(({ seq }) => seq !== null)).toBe(true)
    expect(boot?.diagnoses.map(({ id }) => id)).toEqual(['offer-not-taken'])
    expect(boot?.diagnoses[0]?.evidence.map((at) => boot.entries[at]?.title)).toContain('OFFER')
    expect(recordedBytes).toBeGreaterThan(2000)
  })

  it('keeps its story over a kill of the appliance, and is told of once', async () => {
    const before = await vi.waitFor(async () => { const lines = await diagnosed(mac); expect(lines).toHaveLength(1); return lines })
    expect(before[0]).toMatchObject({ level: 'error', data: { rule: 'offer-not-taken' } })
    await vi.waitFor(async () => expect(execFileSync('tcpdump', ['-nn', '-r', path.join(control.home, 'data/state/packets/525400770010.pcap')], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().match(/BOOTP/g)).toHaveLength(6), { timeout: 10_000 })
    await control.restart()
    expect((await boots(mac)).boots[0]?.entries.filter(({ lane }) => lane === 'dhcp')).toHaveLength(6)
    await replay('bios-virtio-ipxe', 1, 0)
    await vi.waitFor(async () => expect((await boots(mac)).boots[0]?.entries.filter(({ lane }) => lane === 'dhcp')).toHaveLength(8), { timeout: 10_000 })
    // Machines are looked at in the order in which they spoke: when another one that spoke later is told of, this one was looked at again. The same trouble of the same boot is no news.
    await replay('uefi-secboot-httpboot-shim', 1, 0)
    await vi.waitFor(async () => expect(await diagnosed('52:54:00:77:00:14')).not.toEqual([]), { timeout: 20_000 })
    expect(await diagnosed(mac)).toHaveLength(1)
  })

  it('gives its packets to the command line, and its boot to a person', async () => {
    writeFileSync(path.join(control.home, 'run/appliance.json'), JSON.stringify({ socket: path.join(control.home, 'run/operator.sock'), url: 'https://127.0.0.1:1', dataDir: control.home }))
    let said = ''
    const terminal: Terminal = {
      out: (text) => { said += text }, err: (text) => { said += text }, outIsTty: false, errIsTty: false, inIsTty: false, env: { SYSTEM_CLOUD_RUN: path.join(control.home, 'run'), HOME: control.home }, isRoot: true, now: () => Date.now(),
      ask: async () => undefined, readAll: async () => '', interrupted: new AbortController().signal,
    }
    const file = path.join(control.home, 'out.pcap')
    expect(await run(['pcap', mac, '-o', file], terminal)).toBe(0)
    expect(execFileSync('tcpdump', ['-nn', '-r', file], { stdio: ['ignore', 'pipe', 'ignore'] }).toString()).toMatch(/BOOTP\/DHCP, Request from 52:54:00:77:00:10/)
    said = ''
    expect(await run(['boot', mac], terminal)).toBe(0)
    expect(said).toMatch(/! iPXE was offered 10\.77\.0\.\d+ \d times and never asked for it\.\n {2}Look whether/)
    expect(said).toMatch(/\n!? +0\.000 +dhcp +→ DISCOVER +iPXE BIOS · xid c4fdc43d · secs 4/)
    expect(await run(['boot', '02:00:00:00:00:99'], terminal)).toBe(1)
  })
})

describe('a machine for whose firmware there is no loader', () => {
  it('is told so at once', async () => {
    await replay('uefi-virtio-ovmfnative-pxe', 1, 0)
    const machine = await control.until('52:54:00:77:00:12', (m) => m.problem !== null)
    expect(machine.problem).toMatch(/^The boot files hold no loader for UEFI x64 \(snponly\.efi\)\./)
  })
})

describe('a stranger on a network that ignores strangers', () => {
  it('becomes no machine, and its boot can be read all the same', async () => {
    await control.api('PATCH', 'networks/provisioning', { policy: 'ignore' })
    await replay('uefi-virtio-httpboot', 2, 100)
    const mac = '52:54:00:77:00:13'
    await vi.waitFor(async () => expect(((await control.api('GET', 'strangers')).value as { mac: string }[]).map((one) => one.mac)).toContain(mac), { timeout: 10_000 })
    expect((await control.api('GET', `machines/${mac}`)).status).toBe(404)
    const found = await boots(mac)
    expect(found.machineId).toBeNull()
    expect(found.boots[0]?.diagnoses.map(({ id }) => id)).toEqual(['policy-ignored'])
  })
})
