import { bootRamdisk } from './boot-ramdisk.ts'
import { applyRole, enrolAgent, leaveCloud, verifyServices } from './cloud-steps.ts'
import { bootDisk, configureSystem, eraseDisk, partitionDisk, writeImage } from './disk-steps.ts'
import type { Executors } from './step.ts'

/** How each step is carried out. */
export const executors: Executors = { bootRamdisk, eraseDisk, partitionDisk, writeImage, configureSystem, bootDisk, enrolAgent, applyRole, verifyServices, leaveCloud }
