import { setTimeout as wait } from 'node:timers/promises'
import type { DhcpMessage } from '#netboot/codec/dhcp4'
import { seededRandom } from '../random.ts'
import { acquire, type Asker, type DhcpCounts, type Ear, type Lease } from './dhcp-client.ts'
import { fetchHttp } from './fetch-http.ts'
import { fetchImage } from './fetch-image.ts'
import { fetchTftp } from './fetch-tftp.ts'
import { impair, type Impairment } from './impairment.ts'
import type { AddressKeeper } from './leased-address.ts'
import { makeToken, postFacts, serveOrders, type Appliance } from './ramdisk.ts'
import type { MachinePlan, Stage } from './plan.ts'
import { runScript } from './run-script.ts'

/** What the machines of a storm share. */
export interface StormWorld {
  readonly keeper: AddressKeeper
  readonly ca: string | undefined
  send(message: DhcpMessage): void
  /** A machine has got an address, or goes without one again. */
  leased(mac: string, address: string): void
  unleased(mac: string, address: string): void
  scriptTook(milliseconds: number): void
  /** What a machine does whose kernel runs, and how that life ends; absent: it posts its facts and says of every order that it is simulated. */
  ramdisk?(plan: MachinePlan, appliance: Appliance, address: string, signal: AbortSignal): Promise<'reboot' | 'poweroff'>
}

/** What became of a machine. */
export interface MachineFate {
  /** Where it is, or where it came to an end: `booted` is the ramdisk, with its facts posted. */
  stage: Stage | 'off' | 'booted' | 'disk' | 'left'
  /** Milliseconds from its first power-on to `booted`. */
  bootedAfterMs: number | undefined
  lives: number
  readonly dhcp: DhcpCounts
  fileRetries: number
  factsRetries: number
  bytes: number
}

const pauseMs = 1000
class PowerLost extends Error {}

/**
 * A machine from its power-on to the ramdisk, over the real protocols: firmware DHCP, loader by TFTP or HTTP, iPXE's DHCP, the boot script as
 * it is, kernel and ramdisk, the ramdisk's DHCP, facts over TLS, orders. Its faults follow from its plan.
 */
export class StormMachine {
  readonly plan: MachinePlan
  readonly fate: MachineFate = { stage: 'off', bootedAfterMs: undefined, lives: 0, dhcp: { naks: 0, retries: 0 }, fileRetries: 0, factsRetries: 0, bytes: 0 }
  readonly #world: StormWorld
  readonly #random: () => number
  readonly #impair: Impairment
  readonly #heard: DhcpMessage[] = []
  #wake: () => void = () => undefined
  #deafUntilMs = 0
  #addresses = new Set<string>()

  constructor(plan: MachinePlan, world: StormWorld) {
    this.plan = plan
    this.#world = world
    this.#random = seededRandom(plan.seed)
    this.#impair = impair(plan.faults, this.#random, () => performance.now(), () => this.#deafUntilMs)
  }

  /** A DHCP message to this machine's card arrives. */
  hear(message: DhcpMessage): void {
    this.#impair(() => {
      // A card has a small queue: what nobody reads in time is lost.
      if (this.#heard.length < 32) this.#heard.push(message)
      this.#wake()
    })
  }

  /** Powers on and boots, again after each crash, until it serves orders; resolves when `signal` aborts or it was powered off. `booted` is called once. */
  async live(signal: AbortSignal, booted: () => void): Promise<void> {
    const firstMs = performance.now()
    const crashes = [...this.plan.faults.crashes]
    while (!signal.aborted) {
      this.fate.lives += 1
      const crash = crashes.shift()
      this.#deafUntilMs = performance.now() + this.plan.faults.deafMs
      try {
        const end = await this.#boot(crash, signal, () => {
          this.fate.bootedAfterMs ??= performance.now() - firstMs
          booted()
        })
        if (end !== 'again') return
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof PowerLost)) throw error
      }
      this.#forgetAddresses()
      await wait(pauseMs * (0.5 + this.#random()), undefined, { signal }).catch(() => undefined) // aborted: the loop ends
    }
  }

  /** One life. `again`: it starts from the beginning, as firmware does that found nothing to boot. */
  async #boot(crash: Stage | undefined, signal: AbortSignal, booted: () => void): Promise<'again' | 'over'> {
    const { plan, fate } = this
    const enter = (stage: Stage): void => {
      fate.stage = stage
      if (stage === crash) throw new PowerLost()
    }
    enter('firmware')
    const first = await this.#acquire('firmware', signal)
    enter('loader')
    if (!(await this.#loadLoader(first, signal))) return 'again'
    enter('ipxe')
    const second = await this.#acquire('ipxe', signal)
    enter('script')
    const from = second.address
    const entry = await this.#text(second.bootFile, from, signal)
    if (entry === undefined) return 'again'
    const settings = { 'netX/mac:hexhyp': plan.mac.replaceAll(':', '-'), uuid: plan.uuid, platform: plan.firmware === 'bios' ? 'pcbios' : 'efi', buildarch: 'x86_64', 'serial:uristring': plan.serial }
    const end = await runScript(entry, settings, {
      load: async (_, url) => {
        if (fate.stage !== 'images') enter('images')
        return this.#load(url, from, signal)
      },
      chain: (url) => this.#text(url, from, signal),
      sleep: (seconds) => wait(seconds * 1000, undefined, { signal }),
    })
    if (end.kind !== 'boot') {
      fate.stage = end.kind === 'disk' ? 'disk' : 'left'
      return 'over'
    }
    enter('ramdisk')
    const third = await this.#acquire('ramdisk', signal)
    const url = end.words.find((word) => word.startsWith('sc.url='))?.slice('sc.url='.length)
    if (url === undefined) return 'again'
    const appliance: Appliance = { url, ca: this.#world.ca }
    if (this.#world.ramdisk !== undefined) {
      fate.stage = 'booted'
      booted()
      return (await this.#world.ramdisk(plan, appliance, third.address, signal)) === 'reboot' ? 'again' : 'over'
    }
    const token = makeToken()
    if (appliance.ca !== undefined) fate.factsRetries += (await postFacts(plan, appliance, third.address, token, signal)) - 1
    fate.stage = 'booted'
    booted()
    if (appliance.ca === undefined) return 'over'
    return (await serveOrders(plan, appliance, third.address, token, signal)) === 'reboot' ? 'again' : 'over'
  }

  async #acquire(asker: Asker, signal: AbortSignal): Promise<Lease> {
    this.#heard.length = 0
    const lease = await acquire(this.plan, asker, this.#ear, this.#random, this.fate.dhcp, signal)
    if (!this.#addresses.has(lease.address)) {
      this.#addresses.add(lease.address)
      this.#world.leased(this.plan.mac, lease.address)
      this.#world.keeper.take(lease.address)
    }
    return lease
  }

  readonly #ear: Ear = {
    send: (message) => this.#impair(() => this.#world.send(message)),
    next: async (timeoutMs, signal) => {
      const message = this.#heard.shift()
      if (message !== undefined) return message
      await new Promise<void>((resolve, reject) => {
        const done = (): void => { clearTimeout(timer); signal.removeEventListener('abort', stop); this.#wake = () => undefined; resolve() }
        const stop = (): void => { clearTimeout(timer); reject(signal.reason) }
        const timer = setTimeout(done, timeoutMs)
        this.#wake = done
        signal.addEventListener('abort', stop, { once: true })
      })
      return this.#heard.shift()
    },
  }

  async #loadLoader(lease: Lease, signal: AbortSignal): Promise<boolean> {
    if (this.plan.firmware !== 'http') {
      const size = await fetchTftp({ server: lease.nextServer, file: lease.bootFile, from: lease.address, impair: this.#impair, signal })
      signal.throwIfAborted()
      if (size === undefined) { this.fate.fileRetries += 1; return false }
      this.fate.bytes += size
      return true
    }
    const head = await fetchHttp({ url: lease.bootFile, method: 'HEAD', from: lease.address, signal })
    if (head?.status !== 200) { this.fate.fileRetries += 1; return false }
    return this.#load(lease.bootFile, lease.address, signal)
  }

  /** Fetches an image; false where it did not come whole. */
  async #load(url: string, from: string, signal: AbortSignal): Promise<boolean> {
    const { sizeBytes, complete } = await fetchImage({ url, from, signal, slowBytesPerSecond: this.plan.faults.slowBytesPerSecond })
    this.fate.bytes += sizeBytes
    if (!complete) this.fate.fileRetries += 1
    return complete
  }

  async #text(url: string, from: string, signal: AbortSignal): Promise<string | undefined> {
    const beganAt = performance.now()
    const answer = await fetchHttp({ url, from, signal, keep: true })
    if (new URL(url).pathname.startsWith('/boot/')) this.#world.scriptTook(performance.now() - beganAt)
    return answer?.status === 200 ? answer.text : undefined
  }

  /** It runs no more: its addresses are nobody's until it asks again. */
  #forgetAddresses(): void {
    for (const address of this.#addresses) {
      this.#world.keeper.give(address)
      this.#world.unleased(this.plan.mac, address)
    }
    this.#addresses.clear()
  }
}
