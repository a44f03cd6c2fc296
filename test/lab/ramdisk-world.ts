import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Inventory } from '#contract/inventory'
import { diskIdentity } from '#contract/machine-api'
import { readImageManifest, renderChunkList } from '#images/build/manifest'
import { labKernelArguments } from '#supervisor/lab/guest'
import { buildCaCpio, encodeCpio, type CpioEntry } from '#images/ramdisk/cpio'
import { parseFacts } from '#netboot/codec/facts'

/** A disk of the machine: how it is attached, and what it says of itself. */
export interface WorldDisk { readonly file: string; readonly bus: 'virtio' | 'nvme' | 'sata' | 'scsi'; readonly serial: string; readonly wwn?: string; readonly rotational?: boolean; readonly readOnly?: boolean }

/** How an order ended: what the ramdisk reported last. */
export interface OrderEnd { readonly status: string; readonly detail: string }

/** What the machine is told that an order is about, where a test does not say otherwise. */
export type Fields = Readonly<Record<string, string | number>>

/** The machine's one network card. */
const worldMac = '52:54:00:99:00:01'
/** The machine's SMBIOS UUID. */
export const worldUuid = '5c10ad00-0000-4000-8000-525400990001'

/** A machine's place in a lab's network: the namespace and the tap of its card, and the address of the appliance's side, in whose namespace the caller runs. */
export interface WorldWire { readonly namespace: string; readonly tap: string; readonly address: string }

/**
 * A QEMU machine, on user networking unless a wire is given, and the appliance's side of the ramdisk's protocol, without the appliance: orders are given by hand.
 * Needs no root without a wire; time is the guest's own where it is told.
 */
export class RamdiskWorld {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'sc-ramdisk-'))
  /** The ramdisk's log lines as they came. */
  readonly log: string[] = []
  /** Bodies that the installed system posted to `/agent`. */
  readonly posts: string[] = []
  facts = ''
  #waiting: { order: Record<string, string | number>; settle(end: OrderEnd): void } | undefined
  #orders = 0
  #plain = http.createServer((request, response) => this.#answerPlain(request, response))
  #tls: https.Server
  #guest: ChildProcess | undefined
  /** Folder of the OS image whose chunks are served. */
  image = ''
  filesTar = Buffer.alloc(0)

  readonly #ramdisk: string

  readonly #wire: WorldWire | undefined
  readonly #address: string

  private constructor(ramdisk: string, wire: WorldWire | undefined) {
    this.#ramdisk = ramdisk
    this.#wire = wire
    this.#address = wire?.address ?? '10.0.2.2'
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' })
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=World CA')
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${this.#address}`)
    writeFileSync(path.join(this.folder, 'san'), `subjectAltName=IP:${this.#address}`)
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem', '-days', '30', '-extfile', 'san')
    this.#tls = https.createServer({ key: readFileSync(path.join(this.folder, 'server.key')), cert: readFileSync(path.join(this.folder, 'server.pem')) }, (request, response) => this.#answerTls(request, response))
  }

  /** Opens the appliance's side. `ramdisk` is the folder of a build. */
  static async open(ramdisk: string, wire?: WorldWire): Promise<RamdiskWorld> {
    const world = new RamdiskWorld(ramdisk, wire)
    for (const server of [world.#plain, world.#tls]) await new Promise<void>((resolve) => { server.listen(0, wire?.address ?? '127.0.0.1', resolve) })
    return world
  }

  get url(): string { return `http://${this.#address}:${(this.#plain.address() as AddressInfo).port}` }

  /** A blank sparse disk image. */
  blank(name: string, gibibytes = 20): string {
    const file = path.join(this.folder, name)
    writeFileSync(file, '')
    truncateSync(file, gibibytes * 1024 ** 3)
    return file
  }

  /** Switches the machine on into the ramdisk. `more` are files laid over it, `kernel` words for the installed kernel. Resolves with what it says it is. */
  async bootRamdisk(disks: readonly WorldDisk[], options: { uefi?: boolean; more?: readonly CpioEntry[]; kernel?: readonly string[] } = {}): Promise<Inventory> {
    const initrd = path.join(this.folder, 'initrd')
    writeFileSync(initrd, Buffer.concat([pad4(readFileSync(path.join(this.#ramdisk, 'initrd.img'))), buildCaCpio(readFileSync(path.join(this.folder, 'ca.pem'), 'utf8')), encodeCpio(options.more ?? [])]))
    this.facts = ''
    const tls = `https://${this.#address}:${(this.#tls.address() as AddressInfo).port}`
    const installed = [...labKernelArguments.split(' '), ...(options.kernel ?? [])].map((word) => `sc.kernel=${word}`)
    this.#start(disks, options.uefi ?? false, ['-kernel', path.join(this.#ramdisk, 'vmlinuz'), '-initrd', initrd, '-append', `console=ttyS0 net.ifnames=0 ${labKernelArguments} BOOTIF=01-${worldMac.replaceAll(':', '-')} sc.url=${this.url} sc.tls=${tls} ${installed.join(' ')}`])
    await this.#until('facts', () => this.facts !== '', 180)
    const parsed = parseFacts(this.facts)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault))
    return parsed.value
  }

  /** Switches the machine on into its first disk, as another machine where `uuid` says so. */
  bootDisk(disks: readonly WorldDisk[], options: { uefi?: boolean; uuid?: string } = {}): void {
    this.#start(disks, options.uefi ?? false, [], options.uuid)
  }

  /** Gives an order and waits for its end. Generation, machine and UUID are this machine's unless `fields` says otherwise. */
  order(kind: string, fields: Fields = {}, seconds = 300): Promise<OrderEnd> {
    this.#orders += 1
    const order = { id: `o${this.#orders}`, kind, generation: 1, machine: worldMac, uuid: worldUuid, ...fields }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${kind}: no end within ${seconds} s\n${this.log.slice(-40).join('\n')}`)), seconds * 1000)
      this.#waiting = { order, settle: (end) => { clearTimeout(timer); this.#waiting = undefined; resolve(end) } }
    })
  }

  /** Waits for a body posted by the installed system. */
  async post(seconds: number): Promise<string> {
    const before = this.posts.length
    await this.#until('a word of the installed system', () => this.posts.length > before, seconds)
    return this.posts.at(-1) as string
  }

  /** Processor seconds that the machine has taken from its host so far: what counts where other work delays it. */
  cpuSeconds(): number {
    const [, fields = ''] = readFileSync(`/proc/${this.#guest?.pid}/stat`, 'utf8').split(') ')
    const [userTicks, systemTicks] = fields.split(' ').slice(11, 13).map(Number)
    return ((userTicks ?? 0) + (systemTicks ?? 0)) / 100
  }

  /** Switches the machine off as by its plug. */
  async unplug(): Promise<void> {
    const guest = this.#guest
    this.#guest = undefined
    this.#waiting = undefined
    if (guest === undefined || guest.exitCode !== null || guest.signalCode !== null) return
    const ended = new Promise<void>((resolve) => { guest.once('exit', () => resolve()) })
    guest.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    await this.unplug()
    for (const server of [this.#plain, this.#tls]) { server.closeAllConnections(); server.close() }
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #until(what: string, fits: () => boolean, seconds: number): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !fits(); await wait(50))
      if (Date.now() > end) throw new Error(`no ${what} within ${seconds} s\n${this.log.slice(-40).join('\n')}\n${readFileSync(path.join(this.folder, 'serial.log'), 'latin1').slice(-3000)}`)
  }

  #start(disks: readonly WorldDisk[], uefi: boolean, extra: readonly string[], uuid = worldUuid): void {
    const vars = path.join(this.folder, 'vars.fd')
    if (uefi) copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', vars)
    mkdirSync(this.folder, { recursive: true })
    const [program, before] = this.#wire === undefined ? ['qemu-system-x86_64', []] : ['ip', ['netns', 'exec', this.#wire.namespace, 'qemu-system-x86_64']]
    const card = this.#wire === undefined ? 'user,id=net0' : `tap,id=net0,ifname=${this.#wire.tap},script=no,downscript=no`
    this.#guest = spawn(program, [...before,
      '-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'Nehalem', '-smp', '1', '-m', '2048', '-nodefaults', '-display', 'none', '-vga', 'none', '-no-reboot', '-uuid', uuid,
      '-smbios', `type=1,manufacturer=System Cloud,product=World,serial=WORLD-1,uuid=${uuid}`, '-device', 'virtio-scsi-pci,id=scsi0', ...disks.flatMap(diskArguments),
      '-netdev', card, '-device', `virtio-net-pci,netdev=net0,mac=${worldMac},romfile=`, '-device', 'virtio-rng-pci', '-serial', `file:${path.join(this.folder, 'serial.log')}`,
      ...(uefi ? ['-drive', 'if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd', '-drive', `if=pflash,format=raw,unit=1,file=${vars}`] : []), ...extra,
    ], { stdio: ['ignore', 'ignore', 'inherit'] })
  }

  #answerPlain(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = request.url ?? ''
    const parts: Buffer[] = []
    request.on('data', (bytes: Buffer) => {
      if (url.startsWith('/log/')) this.log.push(...bytes.toString().split('\n').filter((line) => line !== ''))
      else parts.push(bytes)
    })
    request.on('end', () => {
      if (url === '/agent') this.posts.push(Buffer.concat(parts).toString())
      const file = /^\/chunks\/[0-9a-f]{128}$/.test(url) ? path.join(this.image, url) : ['/system.tar.zst', '/system.sum'].includes(url) ? path.join(this.folder, url) : undefined
      if (file !== undefined) response.end(readFileSync(file))
      else response.writeHead(204).end()
    })
  }

  #answerTls(request: http.IncomingMessage, response: http.ServerResponse): void {
    const parts: Buffer[] = []
    request.on('data', (bytes: Buffer) => parts.push(bytes))
    request.on('end', () => {
      const url = request.url ?? ''
      const body = Buffer.concat(parts).toString()
      if (!/^Bearer [0-9a-f]{64}$/.test(request.headers.authorization ?? '')) return void response.writeHead(401).end()
      if (url.endsWith('/facts')) { this.facts = body; return void response.writeHead(204).end() }
      if (url.endsWith('/order')) return void this.#offer(response, Date.now() + 5000)
      if (url.endsWith('/chunks')) return void response.end(renderChunkList(readImageManifest(this.image)))
      if (url.endsWith('/files.tar')) return void response.end(this.filesTar)
      const field = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(body)?.[1] ?? ''
      response.writeHead(url.endsWith(`/orders/${String(this.#waiting?.order['id'])}`) ? 204 : 410).end()
      if (field('status') === 'done' || field('status') === 'failed') this.#waiting?.settle({ status: field('status'), detail: field('detail') })
    })
  }

  #offer(response: http.ServerResponse, until: number): void {
    const order = this.#waiting?.order
    if (order !== undefined) return void response.end(Object.entries(order).map(([key, value]) => `${key}=${value}\n`).join(''))
    if (Date.now() > until) return void response.writeHead(204).end()
    setTimeout(() => this.#offer(response, until), 50)
  }
}

/** What an order says of a disk, from what the machine said of it. */
export function diskFields(inventory: Inventory, serial: string): Fields {
  const disk = inventory.disks.find((one) => one.serial === serial)
  if (disk === undefined) throw new Error(`no disk ${serial} among ${inventory.disks.map((one) => one.serial).join(', ')}`)
  return { disk: diskIdentity(disk), name: disk.name, sizeSectors: disk.sizeBytes / 512, serial: disk.serial, wwn: disk.wwn }
}

function diskArguments(disk: WorldDisk, index: number): string[] {
  const drive = ['-drive', `if=none,id=d${index},format=raw,cache=unsafe,discard=unmap,file=${disk.file}${disk.readOnly === true ? ',readonly=on' : ''}`]
  const wwn = disk.wwn === undefined ? '' : `,wwn=${disk.wwn}`
  const rate = disk.rotational === undefined ? '' : `,rotation_rate=${disk.rotational ? 7200 : 1}`
  switch (disk.bus) {
    case 'virtio': return [...drive, '-device', `virtio-blk-pci,drive=d${index},serial=${disk.serial}`]
    case 'nvme': return [...drive, '-device', `nvme,drive=d${index},serial=${disk.serial}`]
    case 'sata': return [...drive, '-device', `ide-hd,bus=ide.${index},drive=d${index},serial=${disk.serial}${wwn}${rate}`]
    case 'scsi': return [...drive, '-device', `scsi-hd,bus=scsi0.0,drive=d${index},serial=${disk.serial}${wwn}${rate}`]
  }
}

const pad4 = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
