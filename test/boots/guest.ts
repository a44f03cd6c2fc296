import { spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endProcess, withoutPxe } from '../lab/firmware.ts'

/** A virtual machine: its firmware and what it boots by. `own`: OVMF's own PXE or HTTP Boot, without iPXE in the card. */
export interface GuestPlan { readonly firmware: 'bios' | 'ovmf'; readonly boots: 'ipxe' | 'own-pxe' | 'own-http'; readonly memoryMebibytes?: number; readonly hasDisk?: boolean }

/** A machine of QEMU on the wire. */
export interface Guest {
  readonly mac: string
  /** Switches it on; resolves when it runs. Where the environment names a lock that guests of this host share, it waits for that. */
  on(): Promise<void>
  /** Pulls its plug. */
  off(): Promise<void>
}

const ovmf = '/usr/share/OVMF'

/** Makes a machine on `tap` of the namespace `space`; its files are in `folder`. */
export function makeGuest({ firmware, boots, memoryMebibytes = 1024, hasDisk = true }: GuestPlan, { space, tap, mac, folder }: { space: string; tap: string; mac: string; folder: string }): Guest {
  const [variables, disk, monitor] = ['vars', 'disk', 'qmp'].map((name) => path.join(folder, `${tap}.${name}`)) as [string, string, string]
  const lock = process.env['SYSTEM_CLOUD_GUEST_LOCK']
  let child: ChildProcess | undefined
  return {
    mac,
    async on() {
      if (firmware === 'ovmf') copyFileSync(`${ovmf}/OVMF_VARS_4M.fd`, variables)
      writeFileSync(disk, '')
      truncateSync(disk, 8 * 1024 ** 3)
      child = spawn('ip', ['netns', 'exec', space, ...(lock === undefined ? [] : ['flock', '-F', lock]), 'qemu-system-x86_64', '-machine', 'q35,accel=tcg', '-cpu', 'Nehalem', '-smp', '1', '-m', String(memoryMebibytes), '-display', 'none', '-serial', 'null', '-qmp', `unix:${monitor},server=on,wait=off`,
        '-uuid', `5c10ad00-0000-4000-8000-${mac.replaceAll(':', '')}`,
        ...(firmware === 'ovmf' ? ['-drive', `if=pflash,format=raw,readonly=on,file=${ovmf}/OVMF_CODE_4M.fd`, '-drive', `if=pflash,format=raw,file=${variables}`] : []),
        ...(hasDisk ? ['-drive', `if=none,id=d0,format=raw,cache=unsafe,file=${disk}`, '-device', 'virtio-blk-pci,drive=d0,serial=BOOT1,bootindex=1'] : []),
        '-netdev', `tap,id=n0,ifname=${tap},script=no,downscript=no`, '-device', `virtio-net-pci,netdev=n0,mac=${mac},bootindex=0${boots === 'ipxe' ? '' : ',romfile='}`, '-device', 'virtio-rng-pci', ...(boots === 'own-http' ? withoutPxe('IPv4', 'IPv6') : [])], { stdio: ['ignore', 'ignore', 'inherit'] })
      while (!existsSync(monitor)) {
        if (child.exitCode !== null) throw new Error(`QEMU ended with ${child.exitCode}`)
        await wait(50)
      }
    },
    async off() {
      if (child !== undefined) await endProcess(child, 'SIGKILL')
    },
  }
}
