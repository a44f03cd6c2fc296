import { bootFileNames } from '../site.ts'
import { defineArchitecture } from './arch.ts'

/** PC BIOS. `undionly` drives the card through the ROM's own UNDI and so needs no driver for it. */
export const bios = defineArchitecture({ id: 'bios', title: 'BIOS', dhcpTypes: [0], httpTypes: [], cpu: 'x86_64', tftpLoader: bootFileNames.biosLoader, httpLoader: bootFileNames.biosLoader })
