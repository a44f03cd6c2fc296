import { decodeDhcp4, readMac } from '#netboot/codec/dhcp4'
import { messageTypes, option } from '#netboot/codec/dhcp4-options'
import { decodeIpv4 } from '#netboot/codec/ipv4'
import { decodeTftp } from '#netboot/codec/tftp'
import { readPcap, type CapturedDatagram } from './pcap.ts'

const optionNames = new Map<number, string>(Object.entries(option).map(([name, code]) => [code, name]))
const addressOptions = new Set<number>([option.mask, option.router, option.dns, option.broadcast, option.ntp, option.requestedAddress, option.serverId])
const textOptions = new Set<number>([option.hostname, option.domain, option.vendorClass, option.tftpServer, option.bootFile, option.userClass, option.message])
const numberOptions = new Set<number>([option.leaseTime, option.maxSize, option.renewalTime, option.rebindingTime])

/** A capture as text: each DHCP message with all its fields, each TFTP transfer as its requests and answers, data only counted. */
export function renderCapture(file: Uint8Array): string {
  const lines: string[] = []
  const tftpPeers = new Set<string>()
  let data = 0
  const flush = (): void => { if (data > 0) lines.push(`  tftp data and ack packets: ${data}`); data = 0 }
  for (const datagram of readPcap(file)) {
    if ([67, 68, 4011].includes(datagram.to.port)) { flush(); lines.push(...renderDhcp(datagram)); continue }
    if (datagram.to.port === 69) tftpPeers.add(`${datagram.from.address}:${datagram.from.port}`)
    const isTftp = datagram.to.port === 69 || [datagram.from, datagram.to].some(({ address, port }) => tftpPeers.has(`${address}:${port}`))
    if (!isTftp) continue
    const packet = decodeTftp(datagram.payload)
    if (packet.ok && (packet.value.kind === 'data' || packet.value.kind === 'ack')) { data += 1; continue }
    flush()
    lines.push(`tftp ${renderEnds(datagram)} ${packet.ok ? JSON.stringify({ ...packet.value, ...('options' in packet.value ? { options: Object.fromEntries(packet.value.options) } : {}) }) : `FAULT ${JSON.stringify(packet.fault)}`}`)
  }
  flush()
  return `${lines.join('\n')}\n`
}

function renderDhcp(datagram: CapturedDatagram): string[] {
  const decoded = decodeDhcp4(datagram.payload)
  if (!decoded.ok) return [`dhcp ${renderEnds(datagram)} FAULT ${JSON.stringify(decoded.fault)}`]
  const message = decoded.value
  const kind = messageTypes[(message.options.get(option.messageType)?.[0] ?? 0) - 1] ?? 'bootp'
  return [
    `dhcp ${renderEnds(datagram)} ${kind} ${message.op} xid=${message.xid.toString(16)} mac=${readMac(message) ?? 'none'} hops=${message.hops} secs=${message.secs} flags=${message.flags.toString(16)}`,
    `  ciaddr=${message.clientAddress} yiaddr=${message.yourAddress} siaddr=${message.nextServer} giaddr=${message.relayAddress} sname=${JSON.stringify(message.serverName)} file=${JSON.stringify(message.bootFile)}`,
    ...Array.from(message.options, ([code, value]) => `  ${code} ${optionNames.get(code) ?? ''} ${renderOption(code, value)}`),
  ]
}

function renderOption(code: number, value: Uint8Array): string {
  if (addressOptions.has(code)) return Array.from({ length: value.length >> 2 }, (_, index) => decodeIpv4(value.subarray(4 * index))).join(' ')
  if (textOptions.has(code)) return JSON.stringify(String.fromCodePoint(...value))
  if (numberOptions.has(code)) return String(value.reduce((sum, byte) => sum * 256 + byte, 0))
  if (code === option.parameterList) return Array.from(value).join(',')
  return Buffer.from(value).toString('hex')
}

const renderEnds = ({ from, to }: CapturedDatagram): string => `${from.address}:${from.port} > ${to.address}:${to.port}`
