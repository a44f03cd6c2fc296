import type { Mac } from '#contract/mac'

/**
 * What a machine that asks to boot shall get.
 * `ramdisk`: discovery ramdisk. `localDisk`: its installed system. `wait`: nothing yet, ask again in some seconds (held by a person,
 * stopped after an alarm, image not ready). `ignore`: not ours; the firmware goes on to its next boot entry.
 */
export type BootDecision = 'ramdisk' | 'localDisk' | 'wait' | 'ignore'

/** What the appliance knows of a machine, as far as booting it needs. A snapshot: never changed by netboot. */
export interface MachineView {
  readonly id: string
  /** Host name for DHCP option 12; null where none was given. */
  readonly hostname: string | null
  readonly decision: BootDecision
  /** Shown on the machine's own screen where it waits: one line of printable ASCII. */
  readonly waitWhy?: string
  /** It said what hardware it has: only then may it have the addresses that are kept from strangers. Absent: it was only seen, as anybody may be. */
  readonly isInventoried?: boolean
  /** A dotted address reserved for it, else null: it then keeps the first one it got. */
  readonly address: string | null
  /** Its firmware has Secure Boot switched on, by its inventory: it starts signed loaders only. */
  readonly hasSecureBoot?: boolean
  /** More words for the kernel command line of the ramdisk, e.g. `sc.debug=1`. Never a secret. */
  readonly kernelArguments?: readonly string[]
  /** UUID of the root file system that was installed on it, by which its disk is found among others; absent: nothing is installed. */
  readonly rootUuid?: string
  /** How machines of its kind boot, as learned or chosen; what is absent goes as its firmware suggests. */
  readonly bootPath?: BootPathView
}

/** The choices of a boot path. */
export interface BootPathView {
  readonly disk?: DiskBoot
  /** Its firmware is given a loader in this way only; absent: in whichever it asks. */
  readonly loader?: LoaderBoot
  /** At most so many TFTP blocks are sent before an answer, 1 to 64; absent: as many as it asks for. @see RFC 7440 */
  readonly tftpWindow?: number
}

/** How firmware fetches its loader. `http`: UEFI HTTP Boot. */
export type LoaderBoot = 'tftp' | 'http'

/** A way into the disk. `sanboot`: INT 13h of a BIOS. `grub`: our GRUB finds the disk's own loader. `exit`: the firmware's next boot entry. */
export type DiskBoot = 'sanboot' | 'grub' | 'exit'

/** Addresses from the first to the last, both included and dotted. */
export interface AddressRange {
  readonly from: string
  readonly to: string
}

/** One provisioning network: where it is and what its clients are told. Dotted addresses; the first DNS and NTP server come first. */
export interface NetworkView {
  readonly id: string
  readonly interface: string
  /** Our own address, which clients are told as their server. It lies in `cidr` but where the network is relayed. */
  readonly address: string
  readonly cidr: string
  /** A subnet that is not on our wire: served through `interface` for relays whose address, or link selection, lies in `cidr`. */
  readonly relayed: boolean
  /** Empty: clients get no router. */
  readonly gateway: string
  readonly dns: readonly string[]
  readonly ntp: readonly string[]
  /** What is given out; they do not overlap. At most 2^20 addresses in all are used. */
  readonly ranges: readonly AddressRange[]
  /** Left out of the ranges: addresses that somebody was given by hand. */
  readonly excluded: readonly AddressRange[]
  readonly leaseSeconds: number
  readonly domain: string
  /** More DHCP options for every client, already validated. They override those that are made from the fields above, never what booting and the protocol need. */
  readonly options: readonly { readonly code: number; readonly value: Uint8Array }[]
  /** `proxy` gives boot answers and never an address. */
  readonly mode: 'full' | 'proxy'
  /** What unknown machines get: the ramdisk, or no boot answer at all. */
  readonly policy: 'discover' | 'ignore'
  /** We alone give addresses here: a client that asks for one that we do not know of is refused, not left to other servers. */
  readonly authoritative: boolean
  /** What mode full does while another DHCP server answers on this wire: say so, or also offer nothing to anybody. */
  readonly whenOtherServer: 'warn' | 'refuse'
  /** IPv6 beside it; absent: none. Clients get addresses by DHCPv6, and firmware boots by it. */
  readonly ipv6?: Ipv6View
}

/** A network's IPv6 side. Addresses are in the form of RFC 5952. */
export interface Ipv6View {
  /** Of 64 bits, e.g. `fd00:77::/64`: all of it is ours to give out. */
  readonly prefix: string
  /** Our own address, from which machines boot. Netboot puts it on the interface where it is not there. Of a relayed network: that of the wire. */
  readonly address: string
}

/** An address kept for one machine. It may lie outside the ranges; a client id is lower-case hex (option 61 with its type byte). */
export interface Reservation {
  readonly networkId: string
  readonly address: string
  readonly match: { readonly mac: Mac } | { readonly clientId: string } | { readonly uuid: string }
  readonly hostname?: string
}

/** One file of the boot manifest. `path` names bytes that never change: a new build gets a new path. */
export interface BootFile {
  readonly name: string
  readonly path: string
  readonly sizeBytes: number
  /** 64 lower-case hex digits. */
  readonly sha256: string
}

/** The names under which netboot looks for what it boots. Control puts them into the manifest as soon as each exists. */
export const bootFileNames = {
  biosLoader: 'undionly.kpxe',
  uefiLoader: 'snponly.efi',
  uefiSignedLoader: 'shimx64.efi',
  uefiHttpLoader: 'ipxe.efi',
  uefiArm64Loader: 'ipxe-arm64.efi',
  kernel: 'vmlinuz',
  initrd: 'initrd.img',
  localBootUefi: 'localboot.efi',
} as const

/**
 * What firmware is told to fetch where it shall go on to its next boot entry: nothing of this name is ever in the manifest, and that it learns at once.
 *
 * Quirk: OVMF takes an offer without a boot file for none, and asks for a minute before its next entry comes (test/lab/netboot-firmware.test.ts).
 */
export const nextEntryFile = 'go-on-to-the-next-boot-entry'

/** Who has which address, until when. Keyed by network and address. Times are milliseconds since 1970. */
export interface Lease {
  readonly networkId: string
  readonly address: string
  readonly mac: Mac
  /** Option 61 as hex, or empty: told to people, never a key, because firmware, iPXE and OS each send another one. */
  readonly clientId: string
  readonly hostname: string
  /** SMBIOS UUID that the client said, in canonical form; absent where it said none. */
  readonly uuid?: string
  /** The relay it came through; absent where it is on our wire. */
  readonly relay?: string
  /**
   * `declined`: the client `mac` found that somebody else uses the address. `conflict`: `mac` answered our own probe of an address that it
   * was never given. Both are left alone until `expiresAtMs` and then come back.
   */
  readonly state: 'bound' | 'released' | 'declined' | 'conflict'
  /**
   * Whose the address was when somebody else was found on it: refused it from then on. Until `untilMs` it may go on using it by the lease that
   * it had, so that this is remembered for as long although the address went to another client meanwhile. Absent where nobody was found.
   */
  readonly displaced?: { readonly mac: Mac; readonly untilMs: number }
  readonly startedAtMs: number
  readonly expiresAtMs: number
}

/** One line that a machine wrote. */
export interface MachineLine {
  readonly source: 'kernel' | 'ramdisk'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Control characters already stripped, at most 2000 characters. */
  readonly text: string
}

/** Why something from the wire was not answered: closed, so that it can be counted and shown. */
export type DropReason =
  | 'malformed' | 'not-a-request' | 'not-ethernet' | 'not-for-us' | 'other-server' | 'pool-full' | 'policy-ignore' | 'no-boot-file'
  | 'address-in-use' | 'unknown-client' | 'proxy-only' | 'not-pxe' | 'too-many' | 'too-big' | 'lease-not-stored' | 'broken'
  /** `relay-unknown`: a relay on no subnet of ours. `no-subnet`: not relayed, and nothing is served on this wire. `stands-back`: another DHCP server is here. */
  | 'relay-unknown' | 'no-subnet' | 'stands-back'

/** Which receiver dropped something. */
export type Receiver = 'dhcp' | 'dhcp6' | 'tftp' | 'http' | 'log'

/** What happened on the wire. Everything that came from a machine in it is bounded and stripped of control characters. */
export type BootEvent =
  | { kind: 'dhcp.discovered'; mac: Mac; networkId: string; client: ClientFacts; packet: PacketFacts }
  | { kind: 'dhcp.offered'; mac: Mac; networkId: string; address: string; bootFile: string | null; packet: PacketFacts }
  /** `server`: whom the client chose, or null where it only keeps what it has. */
  | { kind: 'dhcp.requested'; mac: Mac; networkId: string; address: string; server: string | null; client: ClientFacts; packet: PacketFacts }
  | { kind: 'dhcp.acked'; mac: Mac; networkId: string; address: string; leaseSeconds: number; bootFile: string | null; packet: PacketFacts }
  | { kind: 'dhcp.naked'; mac: Mac; networkId: string; address: string; why: string; packet: PacketFacts }
  | { kind: 'dhcp.declined' | 'dhcp.released'; mac: Mac; networkId: string; address: string; packet: PacketFacts }
  /** Asked for an address, or to boot, and got no answer: why. At most some in a second; all are counted as drops. */
  | { kind: 'dhcp.ignored'; mac: Mac; networkId: string; why: DropReason; packet: PacketFacts }
  /** Another DHCP server: heard answering, chosen by a client, or answering our own probe. Repeated each minute while it is there. */
  | { kind: 'dhcp.otherServer'; networkId: string; address: string; how: 'answer' | 'choice' | 'probe'; serverMac: Mac | null; offered: string | null; bootFile: string | null; standsBack: boolean }
  /** One of either kind was not heard for some time: mode full serves again where it stood back. */
  | { kind: 'dhcp.otherServerGone'; networkId: string; address: string }
  /**
   * Who gives the addresses on a network of mode proxy, and with what, by an answer of his own. `gateway` empty and `dns` without entries: none. `bootFile`: he says what
   * to boot, too. Repeated each minute while he is there.
   */
  | { kind: 'dhcp.addressServer'; networkId: string; address: string; serverMac: Mac | null; gateway: string; dns: readonly string[]; bootFile: string | null }
  /** Nobody gives addresses on a network of mode proxy, or somebody does again. Told when it begins and when it ends. */
  | { kind: 'dhcp.noServer' | 'dhcp.serverFound'; networkId: string }
  /** Somebody who was never given this address answers on it. `clientMac`: whose it is, who is refused when it next asks; null: nobody's. */
  | { kind: 'dhcp.conflict'; networkId: string; address: string; ownerMac: Mac; clientMac: Mac | null; untilMs: number }
  /** Few addresses are left, or none. At most each minute. */
  | { kind: 'dhcp.poolLow'; networkId: string; free: number; size: number }
  /** A machine that is known speaks from an address that is not of our leases: of another DHCP server, or set by hand. Repeated each minute at most. */
  | { kind: 'address.seen'; mac: Mac; networkId: string; address: string }
  /** The same over IPv6. Only of clients whose hardware address is known. `bootFile` is the URL that it was told. */
  | { kind: 'dhcp6.solicited'; mac: Mac; networkId: string; client: ClientFacts; packet: PacketFacts }
  | { kind: 'dhcp6.advertised'; mac: Mac; networkId: string; address: string; bootFile: string | null; packet: PacketFacts }
  | { kind: 'dhcp6.bound'; mac: Mac; networkId: string; address: string; leaseSeconds: number; bootFile: string | null; packet: PacketFacts }
  | { kind: 'dhcp6.declined' | 'dhcp6.released'; mac: Mac; networkId: string; address: string; packet: PacketFacts }
  | { kind: 'tftp.started'; mac: Mac | null; address: string; file: string; sizeBytes: number; blockSize: number; windowSize: number }
  | { kind: 'tftp.sent'; mac: Mac | null; address: string; file: string; sizeBytes: number; milliseconds: number; resends: number; roundTripMs: number | null }
  | { kind: 'tftp.failed'; mac: Mac | null; address: string; file: string; why: string; sentBytes?: number; resends?: number }
  | { kind: 'file.sent'; mac: Mac | null; address: string; file: string; sizeBytes: number; milliseconds: number; complete: boolean }
  | { kind: 'script.rendered'; mac: Mac; address: string; script: BootDecision; why: string; client: ScriptFacts; disk?: DiskBoot }
  | { kind: 'log.lines'; mac: Mac | null; address: string; lines: readonly MachineLine[] }
  /** Sums since the last one; sent within a second, and at most every ten seconds for each receiver and reason. */
  | { kind: 'datagrams.dropped'; receiver: Receiver; reason: DropReason; count: number }

/** What tells one DHCP message from another; the bytes themselves are the recorder's. */
export interface PacketFacts {
  readonly xid: number
  /** What the client says it has been waiting for. */
  readonly secs: number
  /** giaddr, or null. */
  readonly relay: string | null
}

/** What a DHCP client says of itself. */
export interface ClientFacts {
  /** `firmware`: a PXE or HTTP boot ROM. `ipxe`: iPXE. `system`: anything else. */
  readonly kind: 'firmware' | 'ipxe' | 'system'
  /** Id of the boot architecture (catalog netboot/arch), or null. */
  readonly architecture: string | null
  readonly vendorClass: string
  readonly hostname: string
  /** SMBIOS UUID in canonical form, or null. */
  readonly uuid: string | null
}

/** What iPXE says of its machine when it fetches the boot script: claims, bounded and stripped. */
export interface ScriptFacts {
  readonly uuid: string | null
  readonly platform: 'pcbios' | 'efi' | null
  readonly buildArchitecture: string
  readonly serial: string
}

/** One Ethernet frame from or to a machine, as the recorder kept it. */
export interface RecordedFrame {
  readonly mac: Mac
  /** Milliseconds since 1970, by the kernel's clock, with a fraction. */
  readonly atMs: number
  /** The first bytes of the frame: of files that are sent only the headers. */
  readonly bytes: Uint8Array
  /** How long the frame was on the wire. */
  readonly wholeBytes: number
  /** Whether the appliance sent it. */
  readonly outgoing: boolean
}

/** One file on its way to a machine, or a machine that waits for its turn. */
export interface TransferView {
  readonly kind: 'tftp' | 'http'
  readonly mac: Mac | null
  readonly address: string
  readonly file: string
  /** 0 where it is not known: the machine waits, or is between two parts of its image. */
  readonly sizeBytes: number
  readonly sentBytes: number
  /** Null for one that waits. */
  readonly startedAtMs: number | null
  /** Of all that this machine fetches in this way, over the last seconds. */
  readonly bytesPerSecond: number
  /** Place in the queue for image downloads, 1 first; 0: it is being served. */
  readonly position: number
}

/** All that netboot asks of the rest of the world. */
export interface Site {
  /** What is known of this MAC now; undefined: never seen. Synchronous: nothing is awaited between a DISCOVER and its OFFER. Throws where the appliance is broken. */
  machine(mac: Mac): MachineView | undefined
  /**
   * The networks to serve, read at every decision: they may come, change and go. What changes is a new array; the same array is taken as
   * the same networks. Sockets follow the interfaces within a second.
   */
  networks(): readonly NetworkView[]
  /** All reservations. A new array where any has changed. */
  reservations(): readonly Reservation[]
  /** The file of that exact name in the boot manifest, or undefined. Names are keys and never joined to a directory. */
  file(name: string): BootFile | undefined
  /** Where the image chunk with this digest (BLAKE2b-512, 128 lower-case hex digits, checked) would be on disk, or undefined. */
  chunkPath(digest: string): string | undefined
  /** All leases that were stored, read once at start. */
  leases(): readonly Lease[]
  /** Stores a lease. The ACK leaves only after this resolves; where it rejects there is no ACK and the client asks again. */
  commitLease(lease: Lease): Promise<void>
  /** Tells the appliance what happened. Must not throw and must not block. */
  report(event: BootEvent): void
  /** Keeps frames of machines, some times a second. Must not throw and must not block. Absent: nothing is recorded. */
  record?(frames: readonly RecordedFrame[]): void
}

/** Where netboot's own maintainers' log goes: a fixed event name, then fields. pino's logger fits. */
export interface NetbootLog {
  debug(fields: object, event: string): void
  info(fields: object, event: string): void
  warn(fields: object, event: string): void
  error(fields: object, event: string): void
}
