import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { encodeDhcp6 } from '#netboot/codec/dhcpv6'
import { decodeFrame, type FrameContent } from '#netboot/codec/frame'
import { decodePcap } from '#netboot/codec/pcap'
import { linkLayerDuid } from '#netboot/codec/duid'
import { encodeTftp } from '#netboot/codec/tftp'
import { firmwareOptions, solicit } from '../sim/dhcp6-client.ts'
import { readPcap } from '../sim/pcap.ts'

/** What is fuzzed: the receivers of netboot by datagrams, and the servers by requests. */
export const datagramProtocols = { dhcp: 67, proxy: 4011, dhcp6: 547, tftp: 69, syslog: 514, netconsole: 6666 } as const
export type DatagramProtocol = keyof typeof datagramProtocols
/** What netboot hears as whole frames, and what machines pass on of them: `answer` is another DHCP server's, `recorded` whatever a machine sends. */
const frameProtocols = ['arp', 'answer', 'recorded', 'lldp'] as const
export const protocols = [...(Object.keys(datagramProtocols) as DatagramProtocol[]), ...frameProtocols, 'facts'] as const
export type Protocol = (typeof protocols)[number]

const fixtures = path.join(import.meta.dirname, '../fixtures')
const text = (...lines: string[]): Uint8Array[] => lines.map((line) => new TextEncoder().encode(line))

/** Valid packets of a protocol, for mutation: of real firmware where there is a capture. */
export function seedsOf(protocol: Protocol): Uint8Array[] {
  switch (protocol) {
    case 'dhcp': return captured((port) => port === 67 || port === 68)
    case 'proxy': return captured((port) => port === 4011 || port === 67)
    case 'tftp': return [...captured((port) => port === 69), ...generatedTftp()]
    case 'syslog': return text('<13>1 2026-01-01T00:00:00Z node kernel - - - a line', '<30>Jan  1 00:00:00 node app[12]: a line', '<191>', 'no priority at all', '<6>a\nb\r\nc\u0000d')
    case 'netconsole': return text('6,1234,5678901,-;a kernel line', '3,1,2,c;continued\n SUBSYSTEM=pci', 'plain text\n')
    case 'dhcp6': return generatedDhcp6()
    case 'arp': return [1, 2].map((operation) => Uint8Array.from(Buffer.from(`5254000000015254000000020806${'0001080006040'}00${operation}5254000000020a4d00655254000000010a4d0001`, 'hex')))
    case 'answer': return frames(({ kind, ...ends }) => kind === 'udp' && 'from' in ends && typeof ends.from === 'object' && ends.from.port === 67)
    case 'recorded': return [...frames(() => true), ...seedsOf('arp')]
    case 'lldp': return [...lldpFrames, `${lldpFrames[0].slice(0, 24)}81000005${lldpFrames[0].slice(24)}`].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
    case 'facts': return text(['firmware\tbios', 'secureboot\t0', 'kernel\t6.12.0', 'cpu.model\tX', 'cpu.count\t1', 'cpu.arch\tx86_64', 'mem.kb\t2000000', 'bootif\t52:54:00:00:00:01', 'dmi.product_uuid\t5c10ad00-0000-4000-8000-525400770001', 'disk\tvda', 'disk.size\t41943040', 'disk.serial\tS', 'nic\teth0', 'nic.mac\t52:54:00:00:00:01', 'nic.link\t1', `nic.lldp\t${lldpFrames[0]}`, ''].join('\n'))
  }
}

/** A switch by MAC and port name, and one that says all it can: its address, its port by MAC, its name and the port's. */
const lldpFrames = [
  ['0180c200000e', '525400000001', '88cc', '020704525400000001', '040405737731', '06020078', '0000'].join(''),
  ['0180c200000e', '525400000001', '88cc', '020605010a4d00fe', '040703525400000009', '06020078', '080475702d31', '0a087377697463682d31', '0000'].join(''),
] as const

/** Whole frames of the captures: at most two hundred of each, or the long ones would drown the others. */
function frames(fits: (content: FrameContent) => boolean): Uint8Array[] {
  const folder = path.join(fixtures, 'captures')
  return readdirSync(folder).filter((name) => name.endsWith('.pcap')).flatMap((name) => {
    const decoded = decodePcap(readFileSync(path.join(folder, name)))
    return decoded.ok ? decoded.value.frames.map(({ bytes }) => bytes).filter((bytes) => { const frame = decodeFrame(bytes); return frame !== undefined && fits(frame.content) }).slice(0, 200) : []
  })
}

function captured(fits: (port: number) => boolean): Uint8Array[] {
  const folder = path.join(fixtures, 'captures')
  return readdirSync(folder).filter((name) => name.endsWith('.pcap')).flatMap((name) => readPcap(readFileSync(path.join(folder, name)))).filter(({ to }) => fits(to.port)).map(({ payload }) => payload)
}

function generatedDhcp6(): Uint8Array[] {
  const one = solicit(linkLayerDuid('52:54:00:00:00:01'), firmwareOptions('PXEClient:Arch:00007:UNDI:003000', 7))
  const types = ['request', 'renew', 'release', 'decline', 'confirm'] as const
  const folder = path.join(fixtures, 'dhcp6')
  const real = readdirSync(folder).map((name) => Uint8Array.from(Buffer.from(readFileSync(path.join(folder, name), 'utf8').trim(), 'hex')))
  const made = [one, ...types.map((type) => ({ ...one, message: { ...one.message, type } })), { ...one, relays: [{ hops: 1, linkAddress: 'fd00:77::9', peerAddress: 'fe80::1', options: [] }] }].map(encodeDhcp6)
  return [...real, ...made]
}

function generatedTftp(): Uint8Array[] {
  const read = (file: string, options: [string, string][]): Uint8Array => encodeTftp({ kind: 'read', file, mode: 'octet', options: new Map(options) })
  return [
    read('undionly.kpxe', [['blksize', '1468'], ['windowsize', '16'], ['tsize', '0'], ['timeout', '1']]), read('../../etc/passwd', []), read('a%2e%2e/b', [['blksize', '65465']]),
    read('x', [['windowsize', '65536'], ['blksize', '7']]), encodeTftp({ kind: 'ack', block: 1 }), encodeTftp({ kind: 'error', code: 8, message: 'no' }), encodeTftp({ kind: 'data', block: 1, bytes: new Uint8Array(512) }),
  ]
}
