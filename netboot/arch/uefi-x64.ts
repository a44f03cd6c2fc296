import { bootFileNames } from '../site.ts'
import { defineArchitecture } from './arch.ts'

/**
 * UEFI on x64, by PXE (7) and by HTTP Boot (16). `snponly` drives only the card that it was loaded from.
 * @see RFC 4578 §2.1 numbers x64 as 9 and EBC as 7, IANA the other way round; nothing boots EBC, so both get the x64 loader.
 */
export const uefiX64 = defineArchitecture({ id: 'uefi-x64', title: 'UEFI x64', dhcpTypes: [7, 9], httpTypes: [16], cpu: 'x86_64', tftpLoader: bootFileNames.uefiLoader, httpLoader: bootFileNames.uefiLoader, signedLoader: bootFileNames.uefiSignedLoader })
