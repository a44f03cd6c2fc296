import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { simulatedProduct } from '#contract/simulated'
import { fetchHttp, type HttpAnswer } from './fetch-http.ts'
import type { MachinePlan } from './plan.ts'

/** The appliance as a ramdisk reaches it. */
export interface Appliance {
  /** Of the boot servers, e.g. `http://10.77.0.1`. */
  readonly url: string
  /** PEM of its authority; undefined: there is no machine API here, only boot servers. */
  readonly ca: string | undefined
}

const retryMs = 2000

/** The facts text that the ramdisk of this machine posts. */
function renderSimulatedFacts(machine: MachinePlan): string {
  const disks = 1 + (machine.index % 3)
  return [
    ['firmware', machine.firmware === 'bios' ? 'bios' : 'uefi'], ['secureboot', '0'], ['kernel', '6.12.0-simulated'], ['cpu.model', 'Simulated processor'], ['cpu.count', String(8 * (1 + (machine.index % 4)))], ['cpu.arch', 'x86_64'],
    ['mem.kb', String(16 * 1024 * 1024 * (1 + (machine.index % 4)))], ['bootif', machine.mac],
    ['dmi.product_uuid', machine.uuid], ['dmi.sys_vendor', 'System Cloud'], ['dmi.product_name', simulatedProduct], ['dmi.product_serial', machine.serial], ['dmi.bios_version', 'simulated'],
    ...Array.from({ length: disks }, (_, disk) => [['disk', `vd${'abc'[disk]}`], ['disk.size', String(2 * 480_000_000)], ['disk.serial', `${machine.serial}-${disk}`], ['disk.model', 'Simulated disk'], ['disk.rotational', '0'], ['disk.removable', '0'], ['disk.transport', 'virtio'], ['disk.contents', 'blank']]).flat(),
    ['nic', 'eth0'], ['nic.mac', machine.mac], ['nic.link', '1'], ['nic.speed', '10000'], ['nic.driver', 'simulated'],
  ].map(([key, value]) => `${key}\t${value}\n`).join('')
}

/** Sends the first lines of the machine's log and posts its facts until they are taken. Resolves to how often it had to ask. */
export async function postFacts(machine: MachinePlan, appliance: Appliance, from: string, token: string, signal: AbortSignal): Promise<number> {
  await fetchHttp({ url: `${appliance.url}/log/${machine.mac}`, method: 'POST', from, signal, body: `ik Linux version 6.12.0-simulated\nir This machine is simulated: ${machine.serial}\n` })
  for (let asked = 1; ; asked += 1) {
    const answer = await ask(appliance, `/ramdisk/${machine.mac}/facts`, { method: 'POST', body: renderSimulatedFacts(machine), from, token, signal })
    if (answer?.status === 204) return asked
    await wait(retryMs, undefined, { signal })
  }
}

/**
 * Waits for orders as a ramdisk does, until `signal` aborts or an order ends this life. A simulated machine has no disk: it powers off and
 * reboots when told to, and says of everything else that it cannot.
 */
export async function serveOrders(machine: MachinePlan, appliance: Appliance, from: string, token: string, signal: AbortSignal): Promise<'reboot' | 'poweroff'> {
  for (;;) {
    const answer = await ask(appliance, `/ramdisk/${machine.mac}/order`, { from, token, signal, keep: true })
    if (answer?.status === 204) continue
    if (answer?.status === 401 || answer?.status === 409) await postFacts(machine, appliance, from, token, signal)
    if (answer?.status !== 200) { await wait(retryMs, undefined, { signal }); continue }
    const [id = '', kind = ''] = ['id', 'kind'].map((key) => new RegExp(`^${key}=(.*)$`, 'm').exec(answer.text)?.[1] ?? '')
    const ends = kind === 'reboot' || kind === 'poweroff'
    await ask(appliance, `/ramdisk/${machine.mac}/orders/${id}`, { method: 'POST', body: ends ? 'status=done\n' : 'status=failed\ndetail=This machine is simulated: it has no disk to write\n', from, token, signal })
    if (ends) return kind
  }
}

/** A session's token: 32 random bytes in hex. */
export const makeToken = (): string => randomBytes(32).toString('hex')

function ask(appliance: Appliance, route: string, wish: { method?: 'GET' | 'POST'; body?: string; from: string; token: string; signal: AbortSignal; keep?: boolean }): Promise<HttpAnswer | undefined> {
  return fetchHttp({ ...wish, url: `${appliance.url.replace('http:', 'https:')}${route}`, ...(appliance.ca === undefined ? {} : { ca: appliance.ca }) })
}
