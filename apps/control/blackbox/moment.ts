import type { MessageType } from '#netboot/codec/dhcp4-options'
import type { Dhcp6Type } from '#netboot/codec/dhcpv6'
import type { Mac } from '#contract/mac'

/** What every moment has. Times are milliseconds since 1970. */
interface At {
  readonly atMs: number
  /** The network card; null where a journal line does not say. */
  readonly mac: Mac | null
  /** Its line in the journal, or null. */
  readonly seq: number | null
}

/** What messages of DHCPv4 and DHCPv6 have alike. Facts that a journal line does not have are null. */
interface Exchange extends At {
  readonly fromMachine: boolean
  readonly client: 'firmware' | 'ipxe' | 'system'
  /** The first number of option 93, or of option 61 in DHCPv6. @see RFC 4578 §2.1, RFC 5970 §3.3 */
  readonly architecture: number | null
  readonly architectureId: string | null
  /** Of an answer who sent it, of a REQUEST whom it chose: by option 54, else by address; in DHCPv6 its identifier as hex. */
  readonly server: string | null
  /** What is asked for or given; empty: none. */
  readonly address: string
  /** A file's name, or in DHCPv6 the URL to boot from (option 59). @see RFC 5970 §3.1 */
  readonly bootFile: string
  readonly relay: string | null
  readonly uuid: string | null
  /** Why it was refused: option 56, or option 13 in DHCPv6. */
  readonly words: string
}

/** One DHCP message. */
export interface DhcpMoment extends Exchange {
  readonly kind: 'dhcp'
  readonly message: MessageType
  /** Whether it went to or came from port 4011. */
  readonly isProxyPort: boolean
  readonly xid: number | null
  readonly secs: number | null
}

/** One DHCPv6 message. */
export interface Dhcp6Moment extends Exchange {
  readonly kind: 'dhcp6'
  readonly message: Dhcp6Type
  readonly transaction: number | null
  /** How long the client says that it has been asking. */
  readonly elapsedMs: number | null
}

/** A whole TFTP transfer. */
export interface TftpMoment extends At {
  readonly kind: 'tftp'
  readonly file: string
  readonly server: string
  readonly sizeBytes: number | null
  readonly bytes: number
  readonly blockSize: number
  readonly windowSize: number
  readonly packets: number
  /** Requests and blocks that were sent again. */
  readonly retries: number
  /** `probe`: it wanted the size only, which is normal. `silent`: nobody answered. */
  readonly end: 'open' | 'done' | 'probe' | 'refused' | 'aborted' | 'silent'
  readonly error: string
  readonly endMs: number
}

/** One HTTP request. */
export interface HttpMoment extends At {
  readonly kind: 'http'
  readonly method: string
  readonly path: string
  readonly server: string
  readonly status: number | null
  readonly sizeBytes: number | null
  readonly bytes: number
  readonly end: 'open' | 'done' | 'cut'
  readonly endMs: number
}

/** A moment of a boot: what a packet, some packets or a journal line say. */
export type Moment =
  | DhcpMoment | Dhcp6Moment | TftpMoment | HttpMoment
  /** A connection that was asked for and not accepted. */
  | (At & { readonly kind: 'connect'; readonly server: string; readonly port: number; readonly tries: number; readonly refused: boolean; readonly endMs: number })
  | (At & { readonly kind: 'unreachable'; readonly from: string; readonly port: number | null; readonly fromMachine: boolean })
  | (At & { readonly kind: 'arp'; readonly fromMachine: boolean; readonly isAnswer: boolean; readonly asks: string; readonly teller: string })
  /** It asked and we said nothing: why. */
  | (At & { readonly kind: 'ignored'; readonly why: string })
  | (At & { readonly kind: 'script'; readonly decision: string; readonly why: string; /** By which way into the disk; null: none, or not known. */ readonly disk: 'sanboot' | 'grub' | 'exit' | null })
  /** `started`: its first line. `alarm`: a line that means trouble. `died`: the kernel says that it stops. */
  | (At & { readonly kind: 'kernel'; readonly sign: 'started' | 'alarm' | 'died'; readonly source: 'kernel' | 'ramdisk'; readonly text: string })
  | (At & { readonly kind: 'inventory'; readonly text: string })
  /** Its installed system speaks. */
  | (At & { readonly kind: 'agent'; readonly text: string })
  | (At & { readonly kind: 'event'; readonly event: string; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string })

/** When a moment was over: that of a transfer is its end. */
export const endOf = (moment: Moment): number => ('endMs' in moment ? moment.endMs : moment.atMs)
