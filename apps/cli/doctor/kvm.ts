import { accessSync, constants, existsSync } from 'node:fs'
import { advice, fine, type Check } from './check.ts'

/** Only the lab's speed hangs on it. */
export const kvm: Check = {
  id: 'kvm', title: 'Virtual machines',
  async run() {
    if (!existsSync('/dev/kvm')) return advice('no /dev/kvm: the machines of a lab are emulated, several times slower', 'switch virtualisation on in the firmware, or nested virtualisation in the hypervisor; real machines are not concerned')
    try {
      accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
      return fine('/dev/kvm is usable')
    } catch (error) {
      return advice(`/dev/kvm may not be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, 'run the lab as root')
    }
  },
}
