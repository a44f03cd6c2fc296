import { catalog } from '#contract/catalog'
import { bios } from './bios.ts'
import { uefiArm64 } from './uefi-arm64.ts'
import { uefiX64 } from './uefi-x64.ts'

/** All boot architectures. A new one is one file and one line here. */
export const architectures = catalog(bios, uefiX64, uefiArm64)
