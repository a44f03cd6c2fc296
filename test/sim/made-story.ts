import type { RuleContext } from '#control/blackbox/diagnose'
import type { Dhcp6Moment, DhcpMoment, HttpMoment, Moment, TftpMoment } from '#control/blackbox/moment'

/** Moments of boots made up for tests: `at` is seconds since the first one. */
const mac = '52:54:00:00:00:01'
const ourDuid = '00030001020000000001'
const base = 1_800_000_000_000
const time = (at: number): { atMs: number; mac: string; seq: null } => ({ atMs: base + at * 1000, mac, seq: null })

/** Milliseconds since 1970 of a second of the story. */
export const storyTime = (at: number): number => base + at * 1000

/** A DHCP message; what it says by default fits its kind. */
export function dhcp(at: number, message: DhcpMoment['message'], client: DhcpMoment['client'] = 'firmware', more: Partial<DhcpMoment> = {}): Moment {
  const fromMachine = ['discover', 'request', 'decline', 'release', 'inform'].includes(message)
  const isSystem = client === 'system'
  return {
    ...time(at), kind: 'dhcp', message, fromMachine, isProxyPort: false, xid: 7, secs: 0, client, architecture: isSystem ? null : 7, architectureId: isSystem ? null : 'uefi-x64',
    server: message === 'discover' ? null : '10.77.0.1', address: message === 'discover' ? '' : '10.77.0.100', bootFile: fromMachine || isSystem ? '' : client === 'ipxe' ? 'http://10.77.0.1/boot.ipxe' : 'snponly.efi', relay: null, uuid: null, words: '', ...more,
  }
}

/** A DHCPv6 message; what it says by default fits its kind. */
export function dhcp6(at: number, message: Dhcp6Moment['message'], client: Dhcp6Moment['client'] = 'firmware', more: Partial<Dhcp6Moment> = {}): Moment {
  const fromMachine = message !== 'advertise' && message !== 'reply'
  const isSystem = client === 'system'
  return {
    ...time(at), kind: 'dhcp6', message, fromMachine, transaction: 7, elapsedMs: fromMachine ? 0 : null, client, architecture: isSystem ? null : 7, architectureId: isSystem ? null : 'uefi-x64',
    server: message === 'solicit' ? null : ourDuid, address: message === 'solicit' ? '' : 'fd00:77::9', bootFile: fromMachine || isSystem ? '' : client === 'ipxe' ? 'http://[fd00:77::1]/boot.ipxe' : 'tftp://[fd00:77::1]/snponly.efi', relay: null, uuid: null, words: '', ...more,
  }
}

/** The same by DHCPv6. */
export const dora6 = (at: number, client: Dhcp6Moment['client'] = 'firmware'): Moment[] => [dhcp6(at, 'solicit', client), dhcp6(at + 0.001, 'advertise', client), dhcp6(at + 1, 'request', client), dhcp6(at + 1.001, 'reply', client)]

/** The four messages that give an address. */
export const dora = (at: number, client: DhcpMoment['client'] = 'firmware'): Moment[] => [dhcp(at, 'discover', client), dhcp(at + 0.001, 'offer', client), dhcp(at + 1, 'request', client), dhcp(at + 1.001, 'ack', client)]

/** A TFTP transfer, whole by default. */
export const tftp = (at: number, more: Partial<TftpMoment> = {}): Moment =>
  ({ ...time(at), kind: 'tftp', file: 'snponly.efi', server: '10.77.0.1', sizeBytes: 173_792, bytes: 173_792, blockSize: 1468, windowSize: 1, packets: 240, retries: 0, end: 'done', error: '', endMs: base + at * 1000 + 300, ...more })

/** An HTTP request, whole by default. */
export const http = (at: number, path: string, more: Partial<HttpMoment> = {}): Moment =>
  ({ ...time(at), kind: 'http', method: 'GET', path, server: '10.77.0.1', status: 200, sizeBytes: 40_000_000, bytes: 40_000_000, end: 'done', endMs: base + at * 1000 + 400, ...more })

export const connect = (at: number, tries: number, refused = false): Moment => ({ ...time(at), kind: 'connect', server: '10.77.0.1', port: 80, tries, refused, endMs: base + at * 1000 + tries * 1000 })
export const script = (at: number, decision: string, why = 'Boots.'): Moment => ({ ...time(at), kind: 'script', decision, why, disk: decision === 'localDisk' ? 'grub' : null })
export const ignored = (at: number, why: string): Moment => ({ ...time(at), kind: 'ignored', why })
export const kernel = (at: number, sign: 'started' | 'alarm' | 'died', text: string): Moment => ({ ...time(at), kind: 'kernel', sign, source: 'kernel', text })
export const inventory = (at: number): Moment => ({ ...time(at), kind: 'inventory', text: 'Says what it is' })
export const agent = (at: number): Moment => ({ ...time(at), kind: 'agent', text: 'Its agent enrolled' })
export const unreachable = (at: number, port: number): Moment => ({ ...time(at), kind: 'unreachable', from: '10.77.0.1', port, fromMachine: false })
export const event = (at: number, name: string, text: string): Moment => ({ ...time(at), kind: 'event', event: name, level: 'warn', text })

/** A UEFI machine up to its iPXE, then its script. */
export const toScript = (at: number, decision = 'ramdisk', why = 'Boots the ramdisk.'): Moment[] => [...dora(at), tftp(at + 1.1, { end: 'probe', bytes: 0, packets: 3 }), tftp(at + 1.2), ...dora(at + 3, 'ipxe'), http(at + 4.1, '/boot.ipxe', { sizeBytes: 412, bytes: 412, endMs: base + (at + 4.1) * 1000 + 2 }), script(at + 4.2, decision, why)]
/** The same to the end of the ramdisk's download. */
export const toRamdisk = (at: number): Moment[] => [...toScript(at), http(at + 4.3, '/files/vmlinuz'), http(at + 4.8, '/files/initrd.img')]
/** A whole healthy discovery. */
export const discovery = (at: number): Moment[] => [...toRamdisk(at), ...dora(at + 9, 'system'), kernel(at + 11, 'started', 'Linux version 6.12'), inventory(at + 12)]

/** A context in which nothing is wrong, `now` being seconds of the story. */
export const context = (now: number, more: Partial<RuleContext> = {}): RuleContext => ({
  nowMs: base + now * 1000, ours: ['10.77.0.1'], ownDuids: [ourDuid], mode: 'full', lacksServer: false, otherBootFiles: new Map(), policy: 'discover', freeAddresses: 50, hasFile: () => true,
  machine: { name: 'node', phase: 'seen', expectsDisk: false, memoryBytes: null, disks: null, secureBoot: null, twin: null }, ...more,
})
