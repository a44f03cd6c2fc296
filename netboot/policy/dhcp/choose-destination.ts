import type { BootRequest } from './boot-request.ts'

/** Where an answer goes. `raw`: as a frame to this hardware address, because nobody there answers ARP yet; all ones is everybody. */
export type Destination =
  | { kind: 'socket'; address: string; port: number }
  | { kind: 'raw'; address: string; port: number; mac: string }

const everybody: Destination = { kind: 'raw', address: '255.255.255.255', port: 68, mac: 'ff:ff:ff:ff:ff:ff' }

/**
 * Where the answer to a request goes, by its fields in this order: INFORM, relay, NAK, the client's own address, the broadcast flag, else the
 * new address at the client's MAC. A message that came to port 4011 is answered to its sender (PXE 2.1 §2.2.4).
 *
 * @see RFC 2131 §4.1, §4.3.5 (the answer to INFORM goes straight to the client)
 */
export function chooseDestination(request: BootRequest, answer: 'offer' | 'ack' | 'nak', yourAddress: string, arrived: { port: number; from: { address: string; port: number } }): Destination {
  if (arrived.port === 4011) return { kind: 'socket', ...arrived.from }
  if (request.type === 'inform' && request.clientAddress !== null) return { kind: 'socket', address: request.clientAddress, port: 68 }
  if (request.relayAddress !== null) return { kind: 'socket', address: request.relayAddress, port: 67 }
  if (answer === 'nak') return everybody
  if (request.clientAddress !== null) return { kind: 'socket', address: request.clientAddress, port: 68 }
  if (request.wantsBroadcast || yourAddress === '0.0.0.0') return everybody
  return { kind: 'raw', address: yourAddress, port: 68, mac: request.mac }
}
