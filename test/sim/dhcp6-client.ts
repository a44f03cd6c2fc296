import { decodeDhcp6, encodeDhcp6, type Dhcp6Datagram, type Dhcp6Option } from '#netboot/codec/dhcpv6'
import { findOption, iaNaOption, option6, vendorClassOption } from '#netboot/codec/dhcpv6-options'

/** The command that multicasts a message to DHCPv6 servers from eth0 of its namespace and prints the first answer as hex. */
export function askingCommand(datagram: Dhcp6Datagram): string[] {
  const program = 'const d=require("dgram").createSocket({type:"udp6",reuseAddr:true});d.on("message",m=>{console.log(m.toString("hex"));d.close()});d.bind(546,()=>{d.setMulticastInterface("::%eth0");d.send(Buffer.from(process.argv[1],"hex"),547,"ff02::1:2%eth0")})'
  return [process.execPath, '-e', program, Buffer.from(encodeDhcp6(datagram)).toString('hex')]
}

/** The answer that such a command printed. Throws with what it printed where that is none. */
export function readAnswer(output: string): Dhcp6Datagram {
  const decoded = decodeDhcp6(Buffer.from(output.trim(), 'hex'))
  if (!decoded.ok) throw new Error(`no answer: ${output}`)
  return decoded.value
}

/** A SOLICIT of a client that wants one address. */
export const solicit = (duid: Uint8Array, options: readonly Dhcp6Option[]): Dhcp6Datagram => ({
  relays: [], message: { type: 'solicit', transaction: 0x123456, options: [{ code: option6.clientId, value: duid }, iaNaOption({ iaid: 7, renewSeconds: 0, rebindSeconds: 0, addresses: [], status: null }), { code: option6.elapsedTime, value: Uint8Array.of(0, 0) }, ...options] },
})

/** What firmware says of itself. */
export const firmwareOptions = (vendorClass: string, architecture: number): Dhcp6Option[] => [vendorClassOption(vendorClass), { code: option6.architecture, value: Uint8Array.of(0, architecture) }]

/** Where an answer says to boot from; empty where it does not. */
export const bootUrlOf = ({ message }: Dhcp6Datagram): string => Buffer.from(findOption(message.options, option6.bootUrl) ?? []).toString()
