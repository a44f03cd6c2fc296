import type { Mac } from '#contract/mac'
import { fault, ok, type Result } from '#contract/result'
import type { BootArchitecture } from '../../arch/arch.ts'
import { architectures } from '../../arch/index.ts'
import { broadcastFlag, defaultMaxBytes, readMac, type DhcpMessage } from '../../codec/dhcp4.ts'
import { option, readAddress, readArchitectures, readIsIpxe, readMessageType, readNumber, readText, type MessageType } from '../../codec/dhcp4-options.ts'
import { decodeRelayAgent, silentRelay, type RelayAgent } from '../../codec/relay-agent.ts'
import { decodeClientUuid } from '../../codec/uuid.ts'
import type { ClientFacts, DropReason } from '../../site.ts'

/** The facts of a DHCP request that decisions need. Addresses are dotted; null means absent. */
export interface BootRequest {
  readonly type: MessageType
  readonly mac: Mac
  readonly client: ClientFacts
  /** What boots it; null where it is no firmware or of no known architecture. */
  readonly architecture: BootArchitecture | null
  /** What the firmware calls itself in option 60, which its answer must repeat. */
  readonly bootClass: 'PXEClient' | 'HTTPClient' | null
  readonly clientId: string
  readonly requestedAddress: string | null
  readonly serverId: string | null
  /** ciaddr; null where it has no address yet. */
  readonly clientAddress: string | null
  /** giaddr */
  readonly relayAddress: string | null
  /** What the relay added (option 82). */
  readonly relay: RelayAgent
  /** Option 118, which counts only behind a relay. */
  readonly subnetSelection: string | null
  /** The lease time it asks for (option 51). */
  readonly wantedSeconds: number | null
  readonly wantsBroadcast: boolean
  /** Option 55; empty where absent. */
  readonly wantedOptions: readonly number[]
  /** The largest DHCP message it takes, in bytes. */
  readonly maxBytes: number
}

/** The facts of a message on port 67 or 4011; faults name why it is none of our business. */
export function readBootRequest(message: DhcpMessage): Result<BootRequest, { kind: DropReason & ('not-a-request' | 'not-ethernet' | 'malformed') }> {
  const type = readMessageType(message.options)
  if (message.op !== 'request' || type === undefined || type === 'offer' || type === 'ack' || type === 'nak') return fault({ kind: 'not-a-request' })
  const mac = readMac(message)
  if (mac === undefined || mac === '00:00:00:00:00:00' || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) return fault({ kind: 'not-ethernet' })
  const agent = message.options.get(option.relayAgent)
  const relay = agent ? decodeRelayAgent(agent) : ok(silentRelay)
  if (!relay.ok) return fault({ kind: 'malformed' })
  const vendorClass = readText(message.options, option.vendorClass)
  const bootClass = vendorClass.startsWith('PXEClient') ? 'PXEClient' : vendorClass.startsWith('HTTPClient') ? 'HTTPClient' : null
  const isIpxe = readIsIpxe(message.options)
  const architecture = bootClass === null && !isIpxe ? null : findArchitecture(readArchitectures(message.options))
  return ok({
    type, mac, architecture, bootClass,
    client: {
      kind: isIpxe ? 'ipxe' : bootClass ? 'firmware' : 'system',
      architecture: architecture?.id ?? null, vendorClass: vendorClass.slice(0, 64), hostname: readText(message.options, option.hostname, 63),
      uuid: decodeClientUuid(message.options.get(option.clientUuid)),
    },
    clientId: Buffer.from((message.options.get(option.clientId) ?? nothing).subarray(0, 255)).toString('hex'),
    requestedAddress: readAddress(message.options, option.requestedAddress) ?? null,
    serverId: readAddress(message.options, option.serverId) ?? null,
    clientAddress: orNull(message.clientAddress), relayAddress: orNull(message.relayAddress), relay: relay.value,
    subnetSelection: readAddress(message.options, option.subnetSelection) ?? null, wantedSeconds: readNumber(message.options, option.leaseTime) ?? null,
    wantsBroadcast: (message.flags & broadcastFlag) !== 0,
    wantedOptions: Array.from(message.options.get(option.parameterList) ?? []),
    maxBytes: readMaxBytes(message),
  })
}

const nothing = new Uint8Array()

/** The first boot architecture of those that firmware says (option 93, option 61 of DHCPv6) that is known. */
export function findArchitecture(types: readonly number[]): BootArchitecture | null {
  for (const type of types) {
    const found = architectures.entries.find(({ dhcpTypes, httpTypes }) => dhcpTypes.includes(type) || httpTypes.includes(type))
    if (found) return found
  }
  return null
}

/** Quirk: OVMF says 65280 (ff00) in its REQUEST after 1472 in the DISCOVER (uefi-virtio-ovmfnative-pxe.pcap); nothing above one Ethernet frame is sent. */
function readMaxBytes(message: DhcpMessage): number {
  const said = readNumber(message.options, option.maxSize) ?? 0
  return Math.max(defaultMaxBytes, Math.min(said, 1500) - 28)
}

const orNull = (address: string): string | null => (address === '0.0.0.0' ? null : address)
