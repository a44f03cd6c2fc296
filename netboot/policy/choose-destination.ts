import type { BootRequest } from './boot-request.ts'

/** Where an answer goes. `raw`: as a frame to the client's MAC, because it does not answer ARP yet. */
export type Destination =
  | { kind: 'socket'; address: string; port: number }
  | { kind: 'raw'; address: string; port: number; mac: string }

/**
 * Where the answer to a request goes, by its fields in this order: relay, the client's own address, the broadcast flag, else the new
 * address at the client's MAC. A NAK is broadcast. A message that came to port 4011 is answered to its sender (PXE 2.1 §2.2.4).
 *
 * @see RFC 2131 §4.1
 */
export function chooseDestination(request: BootRequest, answer: 'offer' | 'ack' | 'nak', yourAddress: string, arrived: { port: number; from: { address: string; port: number } }): Destination {
  if (arrived.port === 4011) return { kind: 'socket', ...arrived.from }
  if (request.relayAddress !== null) return { kind: 'socket', address: request.relayAddress, port: 67 }
  if (answer === 'nak') return { kind: 'socket', address: '255.255.255.255', port: 68 }
  if (request.clientAddress !== null) return { kind: 'socket', address: request.clientAddress, port: 68 }
  if (request.wantsBroadcast || yourAddress === '0.0.0.0') return { kind: 'socket', address: '255.255.255.255', port: 68 }
  return { kind: 'raw', address: yourAddress, port: 68, mac: request.mac }
}
