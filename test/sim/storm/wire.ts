import { createSocket } from 'node:dgram'
import { decodeDhcp4, encodeDhcp4, readMac, type DhcpMessage } from '#netboot/codec/dhcp4'
import { encodeIpv4Udp } from '#netboot/codec/ipv4-udp'
import { openUdp } from '#netboot/serve/linux/native'
import { openFrameCard } from './frames.ts'

/** How the machines' DHCP messages reach the appliance and its answers reach them. */
export interface Wire {
  send(message: DhcpMessage): void
  close(): void
}

/** Told each message to a machine, by its hardware address. Must not throw. */
export type Heard = (mac: string, message: DhcpMessage) => void

/** A relay between the machines and the appliance: its address in their network, and the appliance's. Dotted. */
export interface RelayPlan { readonly address: string; readonly server: string }

const largestMessage = 1472

/** The machines are on the interface's own wire: Ethernet frames under the address of each machine. */
export function onWire(device: string, heard: Heard): Wire {
  const card = openFrameCard(device, (frame) => {
    const headerBytes = ((frame[14] ?? 0) & 0x0f) * 4
    hear(frame.subarray(14 + headerBytes + 8), heard)
  })
  return {
    send(message) {
      const packet = encodeIpv4Udp({ address: message.clientAddress, port: 68 }, { address: '255.255.255.255', port: 67 }, encode(message))
      const frame = new Uint8Array(14 + packet.length)
      frame.fill(0xff, 0, 6)
      frame.set(message.hardwareAddress, 6)
      frame.set([0x08, 0x00], 12)
      frame.set(packet, 14)
      card.send(frame)
    },
    close: () => card.close(),
  }
}

/** The machines are in a network behind a relay, which is the only one that speaks to the appliance. @see RFC 1542 §4.1, RFC 2131 §4.1 */
export function behindRelay(device: string, relay: RelayPlan, heard: Heard): Wire {
  const socket = createSocket('udp4')
  socket.bind({ fd: openUdp(device, relay.address, 67), exclusive: true })
  socket.on('message', (bytes) => hear(bytes, heard))
  return {
    send: (message) => socket.send(encode({ ...message, hops: message.hops + 1, relayAddress: relay.address }), 67, relay.server),
    close: () => socket.close(),
  }
}

function encode(message: DhcpMessage): Uint8Array {
  const encoded = encodeDhcp4(message, largestMessage)
  if (!encoded.ok) throw new Error('encoding a DHCP message of our own')
  return encoded.value
}

function hear(bytes: Uint8Array, heard: Heard): void {
  const decoded = decodeDhcp4(bytes)
  const mac = decoded.ok ? readMac(decoded.value) : undefined
  if (decoded.ok && mac !== undefined && decoded.value.op === 'reply') heard(mac, decoded.value)
}
