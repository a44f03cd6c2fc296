import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { decodeDhcp4, readMac } from '#netboot/codec/dhcp4'
import { captureFile } from '../sim/capture-story.ts'
import { SimMachine } from '../sim/machine.ts'
import { readPcap } from '../sim/pcap.ts'

/** How a client says what it is: what firmware, iPXE or a system put into their DHCP messages. */
const asks = {
  bios: ['-V', 'PXEClient:Arch:00000:UNDI:002001', '-x', '0x5d:0000', '-x', '0x5e:010201'],
  uefi: ['-V', 'PXEClient:Arch:00007:UNDI:003000', '-x', '0x5d:0007', '-x', '0x5e:010300'],
  ia32: ['-V', 'PXEClient:Arch:00006:UNDI:003000', '-x', '0x5d:0006', '-x', '0x5e:010300'],
  ipxe: ['-V', 'PXEClient:Arch:00007:UNDI:003010', '-x', '0x5d:0007', '-x', '0x5e:01030a', '-x', '0x4d:69505845'],
  system: [],
} as const
export type AskAs = keyof typeof asks

/** What a program did. `code` is null where it was ended. */
export interface Ran { readonly code: number | null; readonly output: string }

/** Ordinary programs on a card of their own that ask as a machine's firmware, loader, ramdisk and system do: busybox's udhcpc, dhclient, atftp, tftp-hpa, curl. */
export interface BootClient {
  readonly space: string
  readonly mac: string
  readonly uuid: string
  run(argv: readonly string[], options?: { seconds?: number; signal?: 'TERM' | 'INT' | 'KILL' }): Promise<Ran>
  /** Asks for an IPv4 address and takes it; resolves to whether it got one. `more` are further words for udhcpc. */
  lease(as: AskAs, ...more: string[]): Promise<boolean>
  /** Sends the first question of a captured machine again, so many times; resolves to its network card. */
  replay(capture: string, times: number): Promise<string>
  /** The same for an IPv6 address, by dhclient, as UEFI firmware. */
  lease6(seconds?: number): Promise<boolean>
  atftp(file: string, blockSize?: number, seconds?: number): Promise<Ran>
  get(route: string, ...more: string[]): Promise<Ran>
  /** Asks for this address of an earlier life, as dhclient does, and is refused. */
  refused(address: string): Promise<void>
  /** As the firmware: an address and the loader. */
  toLoader(): Promise<void>
  /** As iPXE: an address and the boot script. */
  chain(): Promise<void>
  /** As iPXE: the boot script once more. */
  script(): Promise<void>
  /** As iPXE: kernel and ramdisk. */
  fetch(): Promise<void>
  /** All of it up to the boot script, or to the end of the downloads. */
  toScript(): Promise<void>
  toRamdisk(): Promise<void>
  /** The facts text of this machine. */
  facts(): string
  /** What the ramdisk does: an address, the first line of its log, its facts. Resolves to the status that the facts were answered with. */
  inventory(options?: { facts?: string; token?: string; log?: string }): Promise<number>
}

/** Who a client is and where it finds its appliance. */
export interface ClientPlan { readonly space: string; readonly mac: string; readonly uuid: string; readonly folder: string; readonly machinePort: number; readonly applianceAddress: string }

/** A client in its namespace. */
export function openClient({ space, mac, uuid, folder, machinePort, applianceAddress }: ClientPlan): BootClient {
  const script = path.join(folder, 'lease.sh')
  writeFileSync(script, '#!/bin/sh\ncase $1 in bound|renew) ip addr flush dev $interface scope global; ip addr add $ip/$mask broadcast + dev $interface;; esac\n')
  chmodSync(script, 0o755)
  const swapped = uuid.replaceAll('-', '').replace(/^(..)(..)(..)(..)(..)(..)(..)(..)/, '$4$3$2$1$6$5$8$7')
  const run: BootClient['run'] = (argv, { seconds = 60, signal = 'TERM' } = {}) => new Promise((resolve, reject) => {
    const child = spawn('ip', ['netns', 'exec', space, 'timeout', '-s', signal, '-k', '3', String(seconds), ...argv], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { output += bytes.toString() })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
  const url = `http://${applianceAddress}`
  const client: BootClient = {
    space, mac, uuid, run,
    async lease(as, ...more) {
      const { code } = await run(['busybox', 'udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', script, '-t', '3', '-T', '3', ...asks[as], ...(as === 'system' ? [] : ['-x', `0x61:00${swapped}`]), ...more], { seconds: 120 })
      return code === 0
    },
    async replay(capture, times) {
      const [asked] = readPcap(readFileSync(captureFile(capture))).filter(({ to, payload }) => to.port === 67 && payload[0] === 1)
      const message = decodeDhcp4(asked?.payload ?? new Uint8Array())
      const card = message.ok ? readMac(message.value) : undefined
      if (asked === undefined || card === undefined) throw new Error(`${capture} holds no question`)
      execFileSync('ip', ['-n', space, 'address', 'replace', '10.77.0.50/24', 'broadcast', '+', 'dev', 'eth0'])
      const program = 'const [p,n]=process.argv.slice(1);const d=require("dgram").createSocket("udp4");d.bind(68,async()=>{d.setBroadcast(true);for(let i=0;i<n;i++){d.send(Buffer.from(p,"base64"),67,"10.77.0.255");await new Promise(r=>setTimeout(r,2000))}d.close()})'
      await run([process.execPath, '-e', program, Buffer.from(asked.payload).toString('base64'), String(times)])
      return card
    },
    async lease6(seconds = 30) {
      const conf = path.join(folder, `${space}.conf`)
      const hex = (text: string): string => Array.from(Buffer.from(text, 'hex'), (byte) => byte.toString(16).padStart(2, '0')).join(':')
      const vendor = `00000157${'0020'}${Buffer.from('PXEClient:Arch:00007:UNDI:003000').toString('hex')}`
      writeFileSync(conf, `timeout ${seconds};\noption dhcp6.firmware code 16 = string;\noption dhcp6.kind code 61 = unsigned integer 16;\nsend dhcp6.firmware ${hex(vendor)};\nsend dhcp6.kind 7;\nalso request dhcp6.bootfile-url;\noption dhcp6.bootfile-url code 59 = string;\n`)
      await settled(space)
      const { code } = await run(['dhclient', '-6', '-1', '-d', '-D', 'LL', '-sf', '/bin/true', '-cf', conf, '-lf', `${conf}.leases`, '-pf', `${conf}.pid`, 'eth0'], { seconds })
      return code === 0
    },
    atftp: (file, blockSize = 1468, seconds = 60) => run(['atftp', '--option', `blksize ${blockSize}`, '-g', '-r', file, '-l', '/dev/null', applianceAddress], { seconds, signal: 'INT' }),
    get: (route, ...more) => run(['curl', '-sS', '-o', '/dev/null', ...more, `${url}${route}`]),
    async refused(address) {
      const conf = path.join(folder, `${space}.old`)
      writeFileSync(conf, 'timeout 3;\nsend vendor-class-identifier "PXEClient:Arch:00007:UNDI:003000";\noption firmware code 93 = unsigned integer 16;\nsend firmware 7;\n')
      writeFileSync(`${conf}.leases`, `lease { interface "eth0"; fixed-address ${address}; option subnet-mask 255.255.255.0; option dhcp-lease-time 864000; option dhcp-message-type 5; option dhcp-server-identifier 10.5.5.1; renew 5 2037/01/01 00:00:00; rebind 5 2037/02/01 00:00:00; expire 5 2037/03/01 00:00:00; }\n`)
      await run(['dhclient', '-4', '-1', '-d', '-sf', '/bin/false', '-cf', conf, '-lf', `${conf}.leases`, '-pf', `${conf}.pid`, 'eth0'], { seconds: 6 })
    },
    async toLoader() {
      await must('an address for the firmware', client.lease('uefi'))
      await must('the loader', client.atftp('snponly.efi').then(({ code }) => code === 0))
    },
    async chain() {
      await must('an address for iPXE', client.lease('ipxe'))
      await client.script()
    },
    async script() {
      await client.get('/boot.ipxe')
      await client.get(`/boot/${mac.replaceAll(':', '-')}?uuid=${uuid}&platform=efi&arch=x86_64&serial=${mac.slice(-2)}`)
    },
    async fetch() {
      for (const file of ['vmlinuz', 'initrd.img']) await must(file, client.get(`/files/${file}`).then(({ code }) => code === 0))
    },
    async toScript() { await client.toLoader(); await client.chain() },
    async toRamdisk() { await client.toScript(); await client.fetch() },
    facts: () => new SimMachine({ mac, uuid, serial: mac.slice(-5).replace(':', ''), address: '', url: '', ca: '' }).facts(),
    async inventory({ facts = client.facts(), token = randomBytes(32).toString('hex'), log = 'Linux version 6.12.0' } = {}) {
      await must('an address for the ramdisk', client.lease('system'))
      await client.run(['curl', '-sS', '-X', 'POST', '--data-binary', `ik ${log}\n`, `${url}/log/${mac.replaceAll(':', '-')}`])
      const file = path.join(folder, `${space}.facts`)
      writeFileSync(file, facts)
      const { output } = await run(['curl', '-ks', '-o', '/dev/null', '-w', '%{http_code}', '-H', `Authorization: Bearer ${token}`, '-H', 'Content-Type: text/plain', '--data-binary', `@${file}`, `https://${applianceAddress}:${machinePort}/ramdisk/${mac.replaceAll(':', '-')}/facts`])
      return Number(output)
    },
  }
  return client
}

async function must(what: string, done: Promise<boolean>): Promise<void> {
  if (!(await done)) throw new Error(`a client of the recording did not get ${what}`)
}

/** The kernel first looks whether somebody else has the link-local address; dhclient does not wait for that. */
async function settled(space: string): Promise<void> {
  for (const end = Date.now() + 20_000; !/fe80:[^ ]+ scope link $/m.test(execFileSync('ip', ['-n', space, '-6', 'addr', 'show', 'dev', 'eth0', 'scope', 'link'], { encoding: 'utf8' })); ) {
    if (Date.now() > end) throw new Error(`no link-local address in ${space}`)
    await new Promise((resolve) => { setTimeout(resolve, 200) })
  }
}
