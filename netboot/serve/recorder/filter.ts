import type { FilterStep } from '../linux/native.ts'

/** `everything`: all that belongs to a boot. `noBlocks`: the same without TFTP's blocks and their ACKs, for while a storm fills the ring. */
export type FilterKind = 'everything' | 'noBlocks'

/** How much of a frame is kept, in bytes. */
const keep = { whole: 1514, head: 96, text: 700, arp: 64 } as const

type Jump = readonly [test: number, value: number, yes: string | null, no: string | null]
/** A step of the program: an instruction, a jump to labels (null: the next step), an unconditional jump, or a label. */
type Line = readonly ['op', number, number] | readonly ['if', ...Jump] | readonly ['go', string] | readonly ['label', string]

const load = { half: 0x28, byte: 0x30, wordAtX: 0x40, halfAtX: 0x48, byteAtX: 0x50, headerToX: 0xb1, numberToX: 0x01 } as const
const test = { equal: 0x15, bits: 0x45 } as const
const and = 0x54
const shiftRight = 0x74
const addX = 0x0c
const toX = 0x07
const answer = 0x06

const tcpWords = ['HTTP', 'GET ', 'HEAD', 'POST'].map((word) => Buffer.from(word).readUInt32BE())

/**
 * The kernel's filter for the recorder, as classic BPF over whole Ethernet frames. It keeps ARP, DHCP, TFTP, ICMP "unreachable", syslog and
 * netconsole, DHCPv6, and of HTTP the opening and ending of connections with the first bytes of each request and answer: never the files
 * themselves. What it lets through it cuts: a block of TFTP to its header. Nothing else of a host's traffic is ever read. IPv4 and IPv6 alike.
 */
export function recorderFilter(kind: FilterKind): FilterStep[] {
  const block = kind === 'everything' ? 'head' : 'drop'
  return assemble([
    ['op', load.half, 12], ['if', test.equal, 0x0806, 'arp', null], ['if', test.equal, 0x86dd, 'ipv6', null], ['if', test.equal, 0x0800, null, 'drop'],
    ['op', load.half, 20], ['if', test.bits, 0x1fff, 'drop', null],
    ['op', load.headerToX, 14], ['op', load.byte, 23], ['if', test.equal, 17, 'udp', null], ['if', test.equal, 6, 'tcp', null], ['if', test.equal, 1, null, 'drop'],
    ['op', load.byteAtX, 14], ['if', test.equal, 3, 'whole', 'drop'],
    // IPv6's header is 40 bytes: with that in X what follows it is read as above.
    ['label', 'ipv6'], ['op', load.numberToX, 40], ['op', load.byte, 20], ['if', test.equal, 17, 'udp', null], ['if', test.equal, 6, 'tcp', null], ['if', test.equal, 58, null, 'drop'],
    ['op', load.byteAtX, 14], ['if', test.equal, 1, 'whole', 'drop'],
    ['label', 'udp'], ['op', load.halfAtX, 16], ...[67, 68, 4011, 69, 514, 6666, 546, 547].map((port) => ['if', test.equal, port, 'whole', null] as const),
    ['op', load.halfAtX, 14], ...[67, 4011].map((port) => ['if', test.equal, port, 'whole', null] as const),
    // A transfer of TFTP has ports of its own on both sides: it is known by its opcode.
    ['op', load.halfAtX, 22], ['if', test.equal, 3, block, null], ['if', test.equal, 4, block, null], ['if', test.equal, 5, 'text', null], ['if', test.equal, 6, 'text', 'drop'],
    ['label', 'tcp'], ['op', load.halfAtX, 14], ['if', test.equal, 80, 'http', null], ['op', load.halfAtX, 16], ['if', test.equal, 80, 'http', 'drop'],
    ['label', 'http'], ['op', load.byteAtX, 27], ['if', test.bits, 7, 'text', null],
    // The TCP header's length in bytes is added to X, so that X + 14 is where its payload begins.
    ['op', load.byteAtX, 26], ['op', and, 0xf0], ['op', shiftRight, 2], ['op', addX, 0], ['op', toX, 0], ['op', load.wordAtX, 14],
    ...tcpWords.map((word) => ['if', test.equal, word, 'text', null] as const), ['go', 'drop'],
    ['label', 'whole'], ['op', answer, keep.whole], ['label', 'text'], ['op', answer, keep.text], ['label', 'head'], ['op', answer, keep.head],
    ['label', 'arp'], ['op', answer, keep.arp], ['label', 'drop'], ['op', answer, 0],
  ])
}

function assemble(lines: readonly Line[]): FilterStep[] {
  const labels = new Map<string, number>()
  let position = 0
  for (const line of lines) {
    if (line[0] === 'label') labels.set(line[1], position)
    else position += 1
  }
  const offset = (label: string | null, at: number): number => (label === null ? 0 : (labels.get(label) ?? Number.NaN) - at - 1)
  const steps: FilterStep[] = []
  for (const line of lines) {
    const at = steps.length
    if (line[0] === 'op') steps.push([line[1], 0, 0, line[2]])
    else if (line[0] === 'if') steps.push([line[1], offset(line[3], at), offset(line[4], at), line[2]])
    else if (line[0] === 'go') steps.push([0x05, 0, 0, offset(line[1], at)])
  }
  return steps
}
