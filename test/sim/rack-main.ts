import { setMaxListeners } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { SimMachine } from './machine.ts'
import { keepAddresses } from './storm/leased-address.ts'
import { fetchHttp } from './storm/fetch-http.ts'
import { StormMachine } from './storm/machine.ts'
import type { MachinePlan } from './storm/plan.ts'
import { onWire } from './storm/wire.ts'

/**
 * Machines with a whole life, in a network namespace of their own: `node rack-main.mjs CA-PEM`. They boot over the wire of eth0 with real DHCP,
 * TFTP and HTTP, take orders, "write" their disk, boot from it, enrol and serve what a Manager serves. Lines of JSON on standard input are acts.
 */
const Act = z.discriminatedUnion('act', [
  z.object({ act: z.literal('on'), machine: z.number() }),
  z.object({ act: z.literal('log'), machine: z.number(), text: z.string(), lines: z.number() }),
  z.object({ act: z.literal('fail'), machine: z.number(), order: z.string(), detail: z.string() }),
  z.object({ act: z.literal('hold'), moment: z.string() }),
  z.object({ act: z.literal('go') }),
])

const ca = process.argv[2] ?? ''
const stop = new AbortController()
setMaxListeners(0, stop.signal)
const keeper = keepAddresses()
const rack = new Map<number, { storm: StormMachine; sim: SimMachine; url: string }>()
const byMac = new Map<string, StormMachine>()
const wire = onWire('eth0', (mac, message) => byMac.get(mac)?.hear(message))
/** Machines wait at this moment until they are told to go on. */
let held = ''
let go: () => void = () => undefined
let gone = Promise.resolve()

function planMachine(index: number): MachinePlan {
  const hex = index.toString(16).padStart(2, '0')
  return {
    index, mac: `5a:53:49:4d:5c:${hex}`, uuid: `5c10ad00-0000-4000-8000-0000005c00${hex}`, serial: `RACK-${hex.toUpperCase()}`, firmware: (['bios', 'pxe', 'http'] as const)[index % 3] ?? 'bios', powerOnMs: 0, seed: index,
    faults: { lossShare: 0, duplicateShare: 0, reorderShare: 0, slowBytesPerSecond: null, crashes: [], deafMs: 0 },
  }
}

/** Every machine's second disk is large and slow, and the first of machine 1 is not blank. */
const renderFacts = (plan: MachinePlan): string => [
  ['firmware', plan.firmware === 'bios' ? 'bios' : 'uefi'], ['secureboot', '0'], ['kernel', '6.12.0-simulated'], ['cpu.model', 'Simulated processor'], ['cpu.count', '8'], ['cpu.arch', 'x86_64'], ['mem.kb', String(32 * 1024 * 1024)],
  ['bootif', plan.mac], ['dmi.product_uuid', plan.uuid], ['dmi.sys_vendor', 'System Cloud'], ['dmi.product_name', 'Rack machine'], ['dmi.product_serial', plan.serial], ['dmi.bios_version', '1.0'],
  ...[['vda', 240, '0', 'Simulated SSD', plan.index === 1 ? 'GPT with 3 partitions: ext4' : 'blank'], ['vdb', 4000, '1', 'Simulated disk', 'blank']].flatMap(([name, gigabytes, rotational, model, contents]) => [
    ['disk', name], ['disk.size', Number(gigabytes) * 1e9 / 512], ['disk.serial', `${plan.serial}-${name === 'vda' ? 'A' : 'B'}`], ['disk.model', model], ['disk.rotational', rotational], ['disk.removable', '0'], ['disk.transport', 'virtio'], ['disk.contents', contents],
  ]),
  ['nic', 'eth0'], ['nic.mac', plan.mac], ['nic.link', '1'], ['nic.speed', '10000'], ['nic.driver', 'simulated'],
].map(([key, value]) => `${key}\t${value}\n`).join('')

/** Sends log lines as the ramdisk does: again until the appliance has them. */
async function say(index: number, lines: string): Promise<void> {
  const { storm, sim, url } = rack.get(index) ?? {}
  if (storm === undefined || sim === undefined || url === '') return
  for (;;) {
    const answer = await fetchHttp({ url: `${url}/log/${storm.plan.mac}`, method: 'POST', from: sim.plan.address, signal: stop.signal, body: lines })
    if (answer !== undefined && answer.status < 300) return
    await wait(200, undefined, { signal: stop.signal })
  }
}

function add(index: number): void {
  const plan = planMachine(index)
  const sim = new SimMachine({ mac: plan.mac, uuid: plan.uuid, serial: plan.serial, address: '', url: '', ca, facts: renderFacts(plan) })
  sim.onMoment = async (moment) => {
    await say(index, `ir ${moment}: at work\n`)
    if (moment === held) await gone
  }
  let ended: (how: 'reboot') => void = () => undefined
  const until = (): Promise<'reboot'> => new Promise((resolve) => { ended = resolve })
  sim.onReboot = () => ended('reboot')
  const storm = new StormMachine(plan, {
    keeper, ca, send: (message) => wire.send(message), leased: () => undefined, unleased: () => undefined, scriptTook: () => undefined,
    async ramdisk(_, appliance, address) {
      sim.plan = { ...sim.plan, address, url: appliance.url.replace('http:', 'https:') }
      rack.set(index, { storm, sim, url: appliance.url })
      await say(index, `ik Linux version 6.12.0-simulated\nir Inventory of ${plan.serial}: <b>markup is text</b>\n`)
      const over = until()
      sim.boot('ramdisk')
      return over
    },
  })
  byMac.set(plan.mac, storm)
  rack.set(index, { storm, sim, url: '' })
  void (async () => {
    while (!stop.signal.aborted) {
      await storm.live(stop.signal, () => undefined)
      if (sim.plan.url === '') return
      // The boot script said: not the ramdisk. The firmware goes on to what is on the disk.
      const over = until()
      sim.boot('disk')
      await over
    }
  })().catch((error: unknown) => { if (!stop.signal.aborted) process.stderr.write(`machine ${index}: ${String(error)}\n`) })
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const act = Act.parse(JSON.parse(line))
  if (act.act === 'on') add(act.machine)
  else if (act.act === 'log') void (async () => {
    for (let n = 1; n <= act.lines; n += 200) await say(act.machine, Array.from({ length: Math.min(200, act.lines - n + 1) }, (_, at) => `ir ${act.text} ${n + at}\n`).join(''))
    process.stdout.write(`${JSON.stringify({ done: act.text })}\n`)
  })()
  else if (act.act === 'fail') rack.get(act.machine)?.sim.failOnce.set(act.order, act.detail)
  else if (act.act === 'hold') { held = act.moment; gone = new Promise((resolve) => { go = resolve }) }
  else { held = ''; go() }
}).on('close', () => {
  stop.abort()
  void wait(50).then(() => process.exit(0))
})
