import { architectureTitle } from '../entries.ts'
import { dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** @see IANA's registry "Processor Architecture Types" */
const names: Readonly<Record<number, string>> = { 1: 'NEC PC-98', 2: 'Itanium', 3: 'DEC Alpha', 6: '32-bit x86 UEFI', 10: '32-bit ARM UEFI', 15: '32-bit x86 UEFI by HTTP', 18: '32-bit ARM UEFI by HTTP', 25: '32-bit RISC-V UEFI', 27: '64-bit RISC-V UEFI', 37: '32-bit LoongArch UEFI', 39: '64-bit LoongArch UEFI' }

/** Its firmware is of a kind that no loader here fits, or it was given the loader of another kind. */
export const wrongArchitecture = defineRule({
  id: 'wrong-architecture', title: 'No loader fits its firmware',
  look({ session }) {
    const asked = dhcpOf(session, 'discover').filter(({ client, architecture, architectureId }) => client === 'firmware' && architecture !== null && architectureId === null)
    const number = asked[0]?.architecture
    if (number != null) return {
      severity: 'error', evidence: asked.slice(0, 2), happened: `Its firmware is ${names[number] ?? 'of an unknown kind'} (architecture ${number}), for which there is no loader here.`,
      todo: 'Switch its firmware to 64-bit UEFI or to BIOS (legacy) booting, where it can; a new kind of firmware is one file in netboot/arch.',
    }
    const given = dhcpOf(session).find((moment) => !moment.fromMachine && moment.client === 'firmware' && isMismatch(moment.architectureId, moment.bootFile))
    if (given === undefined) return undefined
    return {
      severity: 'error', evidence: [given], happened: `It is ${architectureTitle(given)} and was told by ${given.server ?? 'a server'} to boot ${given.bootFile}, which is for another kind of firmware.`,
      todo: 'Let the DHCP server choose the file by option 93, or set this network to mode full, which does.',
    }
  },
})

const isMismatch = (architecture: string | null, file: string): boolean => (architecture === 'bios' ? /\.efi$/i.test(file) : architecture?.startsWith('uefi') === true && /(undionly|\.kpxe|\.kkpxe|pxelinux\.0|\.pxe)$/i.test(file))
