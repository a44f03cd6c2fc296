import dgram from 'node:dgram'
import { randomInt } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { broadcastFlag, decodeDhcp4, encodeDhcp4, type DhcpMessage } from '#netboot/codec/dhcp4'
import { byteOption, option, readAddress, readMessageType } from '#netboot/codec/dhcp4-options'
import { openUdp } from '#netboot/serve/native'
import { advice, broken, fine, type Check, type Finding } from './check.ts'

// dnsmasq pings an address for three seconds before it offers it.
const listenMs = 5000

/** Judges the servers that answered; `own` are addresses of this host. */
export function judgeServers(servers: readonly string[], own: ReadonlySet<string>, card: string): Finding {
  const others = servers.filter((server) => !own.has(server))
  if (others.length > 0) return broken(`${others.join(', ')} answers on ${card}`, 'start the appliance beside it (scripts/up --interface ... --mode proxy), or switch that server off')
  return fine(servers.length > 0 ? `only this host answers on ${card}` : `nobody answered on ${card} in ${listenMs / 1000} s`)
}

/** Sends one DISCOVER out of a card and listens. Two servers that give addresses make a network of chance. */
export const otherDhcp: Check = {
  id: 'other-dhcp', title: 'Other DHCP servers',
  async run({ interface: card }) {
    if (card === undefined) return fine('not looked for; --interface IF looks on a real card')
    const mac = readMac(card)
    if (mac === undefined) return broken(`there is no network card ${card}`, 'look for its name with "ip link"')
    if (process.getuid?.() !== 0) return advice('not looked for', 'run it as root')
    const own = new Set(Object.values(os.networkInterfaces()).flatMap((addresses) => addresses?.map((one) => one.address) ?? []))
    return judgeServers(await findServers(card, mac), own, card)
  },
}

function readMac(card: string): string | undefined {
  const file = `/sys/class/net/${card}/address`
  return /^[\w.:@-]{1,15}$/.test(card) && existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** The server identifiers of all offers to one DISCOVER, within five seconds. Throws where port 68 is taken. */
async function findServers(card: string, mac: string): Promise<string[]> {
  const xid = randomInt(2 ** 32)
  const hardwareAddress = Uint8Array.from(mac.split(':').map((octet) => Number.parseInt(octet, 16)))
  const none = '0.0.0.0'
  const discover: DhcpMessage = {
    op: 'request', hardwareType: 1, hops: 0, xid, secs: 0, flags: broadcastFlag, clientAddress: none, yourAddress: none, nextServer: none, relayAddress: none,
    hardwareAddress, serverName: '', bootFile: '', options: new Map([[option.messageType, byteOption(1)], [55, Uint8Array.of(1, 3, 54)]]),
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
