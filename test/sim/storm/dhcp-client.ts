import { setTimeout as wait } from 'node:timers/promises'
import { broadcastFlag, type DhcpMessage } from '#netboot/codec/dhcp4'
import { addressesOption, byteOption, longOption, messageTypes, option, readAddress, readMessageType, type MessageType } from '#netboot/codec/dhcp4-options'
import type { MachinePlan } from './plan.ts'

/** Who of a machine is asking: its firmware, iPXE, or the ramdisk's udhcpc. */
export type Asker = 'firmware' | 'ipxe' | 'ramdisk'

/** What an ACK gave. */
export interface Lease { readonly address: string; readonly serverId: string; readonly nextServer: string; readonly bootFile: string }

/** What the client counts. */
export interface DhcpCounts { naks: number; retries: number }

/** A machine's mouth and ear: `next` returns the next DHCP message to its hardware address, or undefined after `timeoutMs`. */
export interface Ear {
  send(message: DhcpMessage): void
  next(timeoutMs: number, signal: AbortSignal): Promise<DhcpMessage | undefined>
}

/** Seconds before each asker repeats itself, the last one again and again (OVMF, iPXE, udhcpc -t -T). */
const patience: Record<Asker, readonly number[]> = { firmware: [4, 8, 16, 32], ipxe: [1, 2, 4, 8], ramdisk: [3] }

const encoder = new TextEncoder()
const macBytes = (mac: string): Uint8Array => Uint8Array.from(mac.split(':'), (pair) => Number.parseInt(pair, 16))

/**
 * Gets an address as `asker` does: DISCOVER, the first OFFER (of firmware: the first with a boot file), REQUEST, ACK; from the beginning
 * after a NAK or silence. Rejects only when `signal` aborts.
 */
export async function acquire(machine: MachinePlan, asker: Asker, ear: Ear, random: () => number, counts: DhcpCounts, signal: AbortSignal): Promise<Lease> {
  const attempts = patience[asker]
  for (let attempt = 0; ; attempt += 1) {
    if (attempt > 0) counts.retries += 1
    // Each machine a little differently, or they would all come back at one instant.
    const timeoutMs = (attempts[Math.min(attempt, attempts.length - 1)] ?? 4) * 1000 * (0.9 + 0.2 * random())
    const xid = Math.floor(random() * 2 ** 32)
    const endsAt = performance.now() + timeoutMs
    const left = (): number => endsAt - performance.now()
    send(machine, asker, ear, xid, 'discover', [])
    const offer = await hear(ear, xid, left, signal, (message, type) => type === 'offer' && message.yourAddress !== '0.0.0.0' && (asker === 'ramdisk' || bootFileOf(message) !== ''))
    const serverId = offer === undefined ? undefined : readAddress(offer.options, option.serverId)
    if (offer === undefined || serverId === undefined) { signal.throwIfAborted(); continue }
    send(machine, asker, ear, xid, 'request', [[option.serverId, addressesOption([serverId])], [option.requestedAddress, addressesOption([offer.yourAddress])]])
    const answer = await hear(ear, xid, left, signal, (_, type) => type === 'ack' || type === 'nak')
    if (answer !== undefined && readMessageType(answer.options) === 'ack') return { address: answer.yourAddress, serverId, nextServer: answer.nextServer, bootFile: bootFileOf(answer) }
    if (answer === undefined) continue
    counts.naks += 1
    await wait(1000, undefined, { signal })
  }
}

async function hear(ear: Ear, xid: number, left: () => number, signal: AbortSignal, fits: (message: DhcpMessage, type: MessageType | undefined) => boolean): Promise<DhcpMessage | undefined> {
  while (left() > 0) {
    const message = await ear.next(left(), signal)
    if (message === undefined) return undefined
    if (message.xid === xid && fits(message, readMessageType(message.options))) return message
  }
  return undefined
}

const bootFileOf = (message: DhcpMessage): string => message.bootFile !== '' ? message.bootFile : String.fromCodePoint(...(message.options.get(option.bootFile) ?? []))

function send(machine: MachinePlan, asker: Asker, ear: Ear, xid: number, type: MessageType, more: readonly [number, Uint8Array][]): void {
  // Only OVMF asks for broadcasts; iPXE and udhcpc take unicasts to the address that they do not have yet.
  const wantsBroadcast = asker === 'firmware' && machine.firmware !== 'bios'
  const options = new Map<number, Uint8Array>([[option.messageType, byteOption(messageTypes.indexOf(type) + 1)], ...identityOf(machine, asker), ...more])
  ear.send({ ...blank(machine.mac, xid), flags: wantsBroadcast ? broadcastFlag : 0, options })
}

function blank(mac: string, xid: number): DhcpMessage {
  const none = '0.0.0.0'
  return { op: 'request', hardwareType: 1, hops: 0, xid, secs: 0, flags: 0, clientAddress: none, yourAddress: none, nextServer: none, relayAddress: none, hardwareAddress: macBytes(mac), serverName: '', bootFile: '', options: new Map() }
}

/** The options by which servers tell firmware, iPXE and a system apart (as captured: test/fixtures/captures). */
function identityOf(machine: MachinePlan, asker: Asker): [number, Uint8Array][] {
  const clientId: [number, Uint8Array] = [option.clientId, Uint8Array.of(1, ...macBytes(machine.mac))]
  if (asker === 'ramdisk') return [[option.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 28, 42)], [option.vendorClass, encoder.encode('udhcp 1.35.0')], clientId, [option.maxSize, Uint8Array.of(0x02, 0x40)]]
  const type = machine.firmware === 'bios' ? 0 : machine.firmware === 'pxe' || asker === 'ipxe' ? 7 : 16
  const vendor = `${machine.firmware === 'http' && asker === 'firmware' ? 'HTTPClient' : 'PXEClient'}:Arch:${String(type).padStart(5, '0')}:UNDI:003000`
  return [
    [option.maxSize, Uint8Array.of(0x05, 0xc0)], [option.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 28, 43, 54, 60, 66, 67, 175)], [option.vendorClass, encoder.encode(vendor)],
    [option.architecture, Uint8Array.of(0, type)], [option.networkInterface, Uint8Array.of(1, 3, 0)], [option.clientUuid, clientUuid(machine.uuid)],
    ...(asker === 'ipxe' ? [clientId, [option.userClass, encoder.encode('iPXE')], [option.ipxe, longOption(0xb1)]] satisfies [number, Uint8Array][] : []),
  ]
}

/** Option 97: type 0, then 16 bytes with the first three fields little-endian. */
function clientUuid(uuid: string): Uint8Array {
  const bytes = Array.from(uuid.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  return Uint8Array.of(0, ...[3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((at) => bytes[at] ?? 0))
}
