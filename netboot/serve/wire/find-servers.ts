import dgram from 'node:dgram'
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { broadcastFlag, decodeDhcp4, encodeDhcp4, type DhcpMessage } from '../../codec/dhcp4.ts'
import { byteOption, option, readAddress, readMessageType } from '../../codec/dhcp4-options.ts'
import { interfaceIndex, openUdp } from '../linux/native.ts'

/** dnsmasq pings an address for three seconds before it offers it. */
export const listenForServersMs = 5000

/**
 * The DHCP servers on a card's wire: the server identifiers of all offers to one DISCOVER, sorted. Takes `listenMs`. Throws where there is
 * no such card, or where another program has port 68.
 */
export async function findDhcpServers(card: string, listenMs = listenForServersMs): Promise<string[]> {
  interfaceIndex(card)
  // Node lists no card that has no address yet, and such a one is asked about too.
  const mac = readFileSync(`/sys/class/net/${card}/address`, 'utf8').trim()
  const xid = randomInt(2 ** 32)
  const none = '0.0.0.0'
  const discover: DhcpMessage = {
    op: 'request', hardwareType: 1, hops: 0, xid, secs: 0, flags: broadcastFlag, clientAddress: none, yourAddress: none, nextServer: none, relayAddress: none,
    hardwareAddress: Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16)), serverName: '', bootFile: '', options: new Map([[option.messageType, byteOption(1)], [55, Uint8Array.of(1, 3, 54)]]),
  }
  const bytes = encodeDhcp4(discover)
  if (!bytes.ok) throw new Error('a DISCOVER does not fit its packet')
  const servers = new Set<string>()
  const socket = dgram.createSocket('udp4')
  const fd = openUdp(card, none, 68)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ fd, exclusive: true }, () => resolve())
  })
  try {
    socket.on('message', (datagram, from) => {
      const message = decodeDhcp4(datagram)
      if (!message.ok || message.value.xid !== xid || readMessageType(message.value.options) !== 'offer') return
      servers.add(readAddress(message.value.options, option.serverId) ?? from.address)
    })
    socket.send(bytes.value, 67, '255.255.255.255')
    await sleep(listenMs)
  } finally {
    socket.close()
  }
  return [...servers].sort()
}
