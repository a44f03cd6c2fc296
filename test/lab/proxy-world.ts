import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Boot, Boots } from '#contract/blackbox-api'
import type { JournalEvent } from '#contract/events'
import type { Network } from '#contract/network-api'
import { ControlProcess } from '../sim/control-process.ts'
import { buildImage, makeHome } from './appliance.ts'
import { endProcess, powerOn, type FirmwareKind } from './firmware.ts'

/** A kind of machine, and QEMU's words for its card and what else is in it. */
export interface Firmware { readonly title: string; readonly kind: FirmwareKind; readonly card: string; readonly more?: readonly string[] }

/** One machine that runs, and how to pull its plug. */
export interface ProxyGuest { readonly number: number; readonly mac: string; seconds(): string; pull(): Promise<void> }

const addresses = { appliance: '10.77.0.1', other: '10.77.0.50' }
const tap = 'tap0'

/** The appliance in mode proxy in one namespace, a real dnsmasq that gives the addresses and real firmware in another, on one wire. Needs root. */
export class ProxyWorld {
  readonly #spaces: { readonly appliance: string; readonly wire: string }
  readonly control: ControlProcess
  readonly #home: ReturnType<typeof makeHome>
  #server: ChildProcess | undefined
  #count = 0

  private constructor(spaces: { appliance: string; wire: string }, control: ControlProcess, home: ReturnType<typeof makeHome>) {
    this.#spaces = spaces
    this.control = control
    this.#home = home
  }

  /** Builds what machines boot, makes the wire and starts the appliance. Nobody gives addresses yet. */
  static async open(suffix: string): Promise<ProxyWorld> {
    const spaces = { appliance: `sc-pxa${suffix}-${process.pid}`, wire: `sc-pxw${suffix}-${process.pid}` }
    const home = makeHome(`proxy${suffix}`)
    const control = await ControlProcess.make({ namespace: spaces.appliance, interface: 'eth0', address: addresses.appliance, cidr: '10.77.0.0/24' })
    const world = new ProxyWorld(spaces, control, home)
    try {
      for (const id of ['loaders', 'ramdisk'] as const) {
        const folder = realpathSync(buildImage(home.dataDir, id))
        symlinkSync(folder, path.join(control.home, 'data/images', path.basename(folder)))
      }
      world.#wire()
      Object.assign(control.environment, { SYSTEM_CLOUD_MODE: 'proxy', SYSTEM_CLOUD_TLS_PORT: '443', SYSTEM_CLOUD_KERNEL_ARGUMENTS: 'clearcpuid=cx16' })
      await control.start()
    } catch (error) { // nobody gets this world to close it
      await world.close()
      throw error
    }
    return world
  }

  #wire(): void {
    const { appliance, wire } = this.#spaces
    const ip = (...argv: string[]): void => { execFileSync('ip', argv) }
    for (const name of [appliance, wire]) { ip('netns', 'add', name); ip('-n', name, 'link', 'set', 'lo', 'up') }
    ip('-n', wire, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    ip('-n', appliance, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'uplink', 'netns', wire)
    ip('-n', wire, 'tuntap', 'add', tap, 'mode', 'tap')
    for (const port of ['uplink', tap]) ip('-n', wire, 'link', 'set', port, 'master', 'br0', 'up')
    ip('-n', wire, 'link', 'set', 'br0', 'up')
    ip('-n', appliance, 'link', 'set', 'eth0', 'up')
    ip('-n', appliance, 'addr', 'add', `${addresses.appliance}/24`, 'dev', 'eth0')
    ip('-n', wire, 'addr', 'add', `${addresses.other}/24`, 'dev', 'br0')
    // Or clients on raw sockets see UDP checksums that nobody has computed.
    for (const [space, link] of [[appliance, 'eth0'], [wire, 'br0'], [wire, 'uplink']] as const) execFileSync('ip', ['netns', 'exec', space, 'ethtool', '-K', link, 'tx', 'off'], { stdio: 'ignore' })
  }

  /** Starts the other DHCP server, which gives 10.77.0.60 to .90; `words` are more of dnsmasq's own. */
  serve(...words: string[]): void {
    const home = this.#home.home
    this.#server = spawn('ip', ['netns', 'exec', this.#spaces.wire, '/usr/sbin/dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--interface=br0', '--bind-interfaces', '--no-ping', `--pid-file=${home}/dnsmasq.pid`,
      `--dhcp-leasefile=${home}/dnsmasq.leases`, '--dhcp-range=10.77.0.60,10.77.0.90,255.255.255.0,1h', '--dhcp-authoritative', ...words], { stdio: 'ignore' })
  }

  /** Ends the other server. */
  async fallSilent(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server !== undefined) await endProcess(server)
  }

  /** Switches a machine on: a new one, or again the one of a number that had its plug pulled. */
  power(firmware: Firmware, number = (this.#count += 1)): ProxyGuest {
    const index = number.toString(16).padStart(2, '0')
    const mac = `52:54:00:77:07:${index}`
    const [variables, disk] = [path.join(this.#home.home, `${index}.fd`), path.join(this.#home.home, `${index}.raw`)]
    writeFileSync(disk, '')
    truncateSync(disk, 20 * 1024 ** 3)
    const began = performance.now()
    const guest = powerOn(this.#spaces.wire, {
      kind: firmware.kind, mac, variables, card: firmware.card, tap, serial: `file:${this.#serial(mac)}`,
      more: ['-uuid', `5c10ad00-0000-4000-8000-5254007707${index}`, '-smbios', `type=1,manufacturer=System Cloud,product=Proxy,serial=PROXY-${index}`,
        '-drive', `if=none,id=d0,format=raw,file=${disk}`, '-device', 'virtio-blk-pci,drive=d0,serial=PROXY-DISK', ...(firmware.more ?? [])],
    })
    return { number, mac, seconds: () => ((performance.now() - began) / 1000).toFixed(1), pull: () => guest.pull() }
  }

  /** What a machine wrote to its serial line, for a failure's message. */
  serialOf(mac: string): string {
    return readFileSync(this.#serial(mac), 'latin1').replaceAll(/[^\n\u0020-\u007e]/g, '').slice(-3000)
  }

  /** The network as operators see it. */
  async network(): Promise<Network> {
    const [network] = (await this.control.api('GET', 'networks')).value as Network[]
    if (network === undefined) throw new Error('the appliance has no network')
    return network
  }

  /** Its boots, newest first; none where it was not heard of yet. */
  async boots(mac: string): Promise<readonly Boot[]> {
    const { status, value } = await this.control.api('GET', `machines/${mac}/boots`)
    return status === 200 ? (value as Boots).boots : []
  }

  /** Its lines in the journal, oldest first. */
  async lines(mac: string): Promise<readonly JournalEvent[]> {
    return ((await this.control.api('GET', `machines/${mac}/events?limit=500`)).value as { events: JournalEvent[] }).events
  }

  async close(): Promise<void> {
    await this.fallSilent()
    await this.control.remove()
    for (const name of Object.values(this.#spaces)) execFileSync('ip', ['netns', 'del', name])
    rmSync(this.#home.home, { recursive: true, force: true })
  }

  #serial(mac: string): string { return path.join(this.#home.home, `${mac.replaceAll(':', '-')}.log`) }
}
