import { setTimeout as wait } from 'node:timers/promises'
import { openPacketSocket } from '#netboot/serve/linux/native'

/** The switch that the frames speak of. */
export const neighbour = { chassis: '00:11:22:33:44:55', port: 'Gi1/0/7', systemName: 'rack-7-switch', portDescription: 'left shelf' } as const

/** A TLV: type 7 bits, length 9 bits, value. @see IEEE 802.1AB-2016 §8.4 */
const tlv = (type: number, ...value: Buffer[]): Buffer => {
  const body = Buffer.concat(value)
  const head = Buffer.alloc(2)
  head.writeUInt16BE((type << 9) | body.length)
  return Buffer.concat([head, body])
}

/** What a switch sends every 30 seconds to the nearest-bridge address, without its Ethernet header. */
export const lldpPacket = Buffer.concat([
  tlv(1, Buffer.of(4), Buffer.from(neighbour.chassis.replaceAll(':', ''), 'hex')), tlv(2, Buffer.of(5), Buffer.from(neighbour.port)), tlv(3, Buffer.of(0, 120)),
  tlv(4, Buffer.from(neighbour.portDescription)), tlv(5, Buffer.from(neighbour.systemName)), tlv(0),
])

/** `node lldp-neighbour.ts IF`: a switch at the other end of a cable, heard every two seconds until it is ended. */
if (process.argv[1] === import.meta.filename) {
  const frames = openPacketSocket(process.argv[2] ?? '', false)
  for (;;) {
    frames.send(Buffer.from('0180c200000e', 'hex'), 0x88cc, lldpPacket)
    await wait(2000)
  }
}
