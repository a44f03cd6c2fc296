import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { findKernel, probeKvm } from '#supervisor/lab/kvm'
import { advice, fine, type Check, type Finding } from './check.ts'

/** Judges /dev/kvm: `runs` is whether a guest that was tried printed a line, undefined where none could be tried. */
function judgeKvm(device: 'absent' | 'refused' | 'present', runs: boolean | undefined): Finding {
  switch (device) {
    case 'absent': return advice('no /dev/kvm: the machines of a lab are emulated, several times slower', 'switch virtualisation on in the firmware, or nested virtualisation in the hypervisor; real machines are not concerned')
    case 'refused': return advice('/dev/kvm may not be opened', 'run the lab as root')
    case 'present':
      if (runs === undefined) return fine('/dev/kvm is there, not proven: a guest is tried once the ramdisk is built')
      return runs ? fine('/dev/kvm runs guests') : advice('/dev/kvm is there, but the guest that was tried printed nothing: the machines of a lab are emulated, several times slower', 'update or switch on nested virtualisation in the hypervisor; real machines are not concerned')
  }
}

/** Only the lab's speed hangs on it. The device may be there and hang its guests, so one is tried, as the lab does. */
export const kvm: Check = {
  id: 'kvm', title: 'Virtual machines',
  async run({ dataDir }) {
    if (!existsSync('/dev/kvm')) return judgeKvm('absent', undefined)
    try {
      accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return judgeKvm('refused', undefined)
      throw error
    }
    const kernel = findKernel(path.join(dataDir, 'images'))
    return judgeKvm('present', kernel === undefined || !existsSync('/usr/bin/qemu-system-x86_64') ? undefined : await probeKvm(kernel))
  },
}
