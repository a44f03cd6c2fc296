import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'

/** SeaBIOS, OVMF, or OVMF with Microsoft's keys: what a server with Secure Boot is sold with. */
export type FirmwareKind = 'bios' | 'uefi' | 'secureBoot'

/** A machine of the tests: where its UEFI variables are kept between its boots, and what is in it beside a card on a tap. */
export interface MachinePlan {
  readonly kind: FirmwareKind
  readonly mac: string
  readonly variables: string
  readonly memoryMiB?: number
  /** More of the card's properties; `,romfile=` takes iPXE out of it, so that the firmware's own PXE or HTTP Boot asks. */
  readonly card?: string
  readonly tap?: string
  /** QEMU's words for the serial line; none without. */
  readonly serial?: string
  readonly more?: readonly string[]
}

const qemu = '/usr/bin/qemu-system-x86_64'
const folder = '/usr/share/OVMF'
const ovmf = {
  uefi: { code: `${folder}/OVMF_CODE_4M.fd`, variables: `${folder}/OVMF_VARS_4M.fd` },
  secureBoot: { code: `${folder}/OVMF_CODE_4M.secboot.fd`, variables: `${folder}/OVMF_VARS_4M.ms.fd` },
}

/** QEMU's words that make OVMF's own boot entries leave PXE of these families out: what is left is HTTP Boot. */
export const withoutPxe = (...families: readonly ('IPv4' | 'IPv6')[]): string[] => families.flatMap((family) => ['-fw_cfg', `name=opt/org.tianocore/${family}PXESupport,string=n`])

/** Throws where QEMU, OVMF or one of `files` is missing. A full run that lacks its means has failed: a skip would hide it. */
export function requireMeans(...files: readonly string[]): void {
  const missing = [qemu, ...Object.values(ovmf).flatMap((one) => Object.values(one)), ...files].filter((file) => !existsSync(file))
  if (missing.length > 0) throw new Error(`there is no ${missing.join(', ')}`)
}

/** Puts a tap of the namespace on one wire with its `eth0`: the bridge `br0`. */
export function bridgeTap(space: string, tap = 'tap0'): void {
  const ip = (...argv: string[]): void => { execFileSync('ip', ['-n', space, ...argv]) }
  ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0', 'mcast_snooping', '0')
  ip('tuntap', 'add', tap, 'mode', 'tap')
  for (const port of ['eth0', tap]) ip('link', 'set', port, 'master', 'br0')
  for (const link of [tap, 'br0']) ip('link', 'set', link, 'up')
}

/**
 * Switches a machine on, with one processor, its card before its disks; `pull` pulls its plug.
 *
 * `Nehalem`: QEMU 7.2 misemulates newer instructions that Linux 6.12 uses.
 */
export function powerOn(space: string, plan: MachinePlan): { isOn(): boolean; pull(): Promise<void> } {
  const files = plan.kind === 'bios' ? undefined : ovmf[plan.kind]
  if (files !== undefined && !existsSync(plan.variables)) copyFileSync(files.variables, plan.variables)
  const isSecure = plan.kind === 'secureBoot'
  const machine = spawn('ip', ['netns', 'exec', space, qemu, '-machine', `q35${isSecure ? ',smm=on' : ''}`, '-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'Nehalem', '-smp', '1', '-m', String(plan.memoryMiB ?? 1024), '-display', 'none', '-nodefaults', '-vga', 'none',
    ...(isSecure ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    ...(files === undefined ? [] : ['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${files.code}`, '-drive', `if=pflash,format=raw,unit=1,file=${plan.variables}`]),
    '-netdev', `tap,id=n0,ifname=${plan.tap ?? 'tap0'},script=no,downscript=no`, '-device', `virtio-net-pci,netdev=n0,mac=${plan.mac},bootindex=0${plan.card ?? ''}`,
    '-device', 'virtio-rng-pci', '-serial', plan.serial ?? 'null', ...(plan.more ?? [])], { stdio: ['ignore', 'ignore', 'inherit'] })
  return { isOn: () => machine.exitCode === null && machine.signalCode === null, pull: () => endProcess(machine, 'SIGKILL') }
}

/** Ends a process and waits until it is gone. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => { child.once('exit', resolve) })
  child.kill(signal)
  await ended
}
