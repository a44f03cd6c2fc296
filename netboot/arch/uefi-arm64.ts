import { bootFileNames } from '../site.ts'
import { defineArchitecture } from './arch.ts'

/** UEFI on 64-bit ARM, by PXE (11) and HTTP Boot (19). It boots as soon as the manifest holds its loader. */
export const uefiArm64 = defineArchitecture({ id: 'uefi-arm64', title: 'UEFI ARM64', dhcpTypes: [11], httpTypes: [19], cpu: 'arm64', tftpLoader: bootFileNames.uefiArm64Loader, httpLoader: bootFileNames.uefiArm64Loader })
