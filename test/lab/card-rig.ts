import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { endProcess, powerOn } from './firmware.ts'

const ip = (...words: string[]): void => void execFileSync('ip', words)

/** A machine of the rig. It has no lab driver: it runs while its QEMU runs, and is off when that has ended. */
export interface RackMachine {
  readonly mac: string
  readonly serialLog: string
  isOn(): boolean
  /** Somebody presses its power button. */
  press(): void
  pull(): Promise<void>
}

/**
 * Two namespaces joined by a cable: one has `card0`, the appliance's card, the other a switch and machines. What a machine with
 * Wake-on-LAN does in hardware is done here by a listener on the wire: the packet with its MAC sixteen times presses its button.
 */
export class CardRig {
  readonly app = `sc-card-${process.pid}`
  readonly rack = `sc-rack-${process.pid}`
  readonly #machines: (RackMachine & { readonly wakes: boolean })[] = []
  readonly #ends: (() => Promise<void>)[] = []
  /** MACs of the magic packets on the wire, in order. */
  readonly heard: string[] = []

  /** Makes it, all or nothing. */
  constructor(machines: number) {
    try {
      this.#make(machines)
    } catch (error) {
      this.#clear()
      throw error
    }
  }

  #make(machines: number): void {
    for (const name of [this.app, this.rack]) {
      ip('netns', 'add', name)
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    ip('-n', this.rack, 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0', 'group_fwd_mask', '0x4000')
    ip('-n', this.rack, 'link', 'set', 'br0', 'up')
    ip('-n', this.rack, 'link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'card0', 'netns', this.app)
    ip('-n', this.rack, 'link', 'set', 'uplink', 'master', 'br0', 'up')
    // Or clients on raw sockets see UDP checksums that nobody has computed.
    execFileSync('ip', ['netns', 'exec', this.app, 'ethtool', '-K', 'card0', 'tx', 'off'], { stdio: 'ignore' })
    for (let i = 0; i < machines; i += 1) {
      ip('-n', this.rack, 'tuntap', 'add', 'dev', `tap${i}`, 'mode', 'tap')
      ip('-n', this.rack, 'link', 'set', `tap${i}`, 'master', 'br0', 'up')
    }
  }

  /** The words that run a command on the appliance's side. */
  onCard(...words: string[]): string[] {
    return ['ip', 'netns', 'exec', this.app, ...words]
  }

  /** Starts a program among the machines, to be ended with the rig. */
  beside(...words: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.rack, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#ends.push(() => endProcess(child))
    return child
  }

  /** Listens on the wire for magic packets, whatever they are wrapped in, and presses the button of the machine that each one means. */
  async listen(): Promise<void> {
    const dump = this.beside('tcpdump', '-i', 'br0', '-n', '-U', '-w', '-', 'udp port 9 or ether proto 0x0842')
    let kept = Buffer.alloc(0)
    dump.stdout?.on('data', (bytes: Buffer) => {
      kept = Buffer.concat([kept, bytes])
      for (let at = kept.indexOf(Buffer.alloc(6, 0xff)); at >= 0 && at + 102 <= kept.length; at = kept.indexOf(Buffer.alloc(6, 0xff), at + 1)) {
        const mac = kept.subarray(at + 6, at + 12)
        if (!kept.subarray(at + 6, at + 102).equals(Buffer.concat(Array.from({ length: 16 }, () => mac)))) continue
        const text = [...mac].map((octet) => octet.toString(16).padStart(2, '0')).join(':')
        this.heard.push(text)
        for (const machine of this.#machines) if (machine.wakes && machine.mac === text && !machine.isOn()) machine.press()
        kept = kept.subarray(at + 102)
        at = -1
      }
    })
    await new Promise<void>((resolve) => { dump.stderr?.on('data', (text: Buffer) => { if (text.includes('listening on')) resolve() }) })
  }

  /** A machine on `tap<index>`, switched off: with a BIOS, or with UEFI that knows Microsoft's keys and enforces them. `disk` is what its disk begins with. */
  add(index: number, folder: string, options: { wakes: boolean; disk?: Buffer; isSecure?: boolean }): RackMachine {
    mkdirSync(folder, { recursive: true })
    const mac = `52:54:00:78:00:0${index + 1}`
    const [disk, serialLog] = [path.join(folder, `card-${index}.raw`), path.join(folder, `card-${index}.log`)]
    writeFileSync(disk, options.disk ?? '')
    truncateSync(disk, 20 * 1024 ** 3)
    let running: ReturnType<typeof powerOn> | undefined
    const isOn = (): boolean => running?.isOn() ?? false
    const machine = {
      mac, serialLog, isOn, wakes: options.wakes,
      press: () => {
        running = powerOn(this.rack, {
          kind: options.isSecure === true ? 'secureBoot' : 'bios', mac, variables: path.join(folder, `card-${index}.fd`), memoryMiB: 2048, tap: `tap${index}`, card: options.isSecure === true ? ',romfile=' : '', serial: `file:${serialLog}`,
          more: ['-smbios', `type=1,manufacturer=Bench,product=Real Card,serial=CARD-${index + 1}`, '-drive', `if=none,id=d0,format=raw,cache=unsafe,discard=unmap,file=${disk}`, '-device', `virtio-blk-pci,drive=d0,serial=CARD-${index + 1}-D,bootindex=2`],
        })
      },
      pull: async () => { await running?.pull() },
    }
    this.#machines.push(machine)
    return machine
  }

  async remove(): Promise<void> {
    try {
      for (const machine of this.#machines) await machine.pull()
      for (const one of this.#ends) await one()
    } finally {
      this.#clear()
    }
  }

  #clear(): void {
    for (const name of [this.app, this.rack]) if (existsSync(`/run/netns/${name}`)) ip('netns', 'delete', name)
  }
}

/** The text on a machine's serial line so far. */
export const serialText = (machine: RackMachine): string => (existsSync(machine.serialLog) ? readFileSync(machine.serialLog, 'latin1') : '')

/** A boot sector for BIOS machines that prints `words` on the first serial line and halts. */
export function talkingDisk(words: string): Buffer {
  // xor ax,ax; mov ds,ax; mov si,0x7c21; next: lodsb; test al,al; jz halt; mov ah,al; wait for 0x3fd bit 5; out 0x3f8,ah; jmp next; halt: hlt; jmp halt
  const code = Buffer.from('31c08ed8be217cac84c0741288c4bafd03eca82074fbbaf80388e0eeebe9f4ebfd', 'hex')
  const sector = Buffer.alloc(512)
  code.copy(sector)
  sector.write(`${words}\r\n`, code.length, 'latin1')
  sector.writeUInt16LE(0xaa55, 510)
  return sector
}
