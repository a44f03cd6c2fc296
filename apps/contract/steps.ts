import { z } from 'zod'

/** The steps of a deploy or a release, in the order in which they run. Each is idempotent; after each, plan again. */
export const stepKinds = ['bootRamdisk', 'eraseDisk', 'partitionDisk', 'writeImage', 'configureSystem', 'bootDisk', 'enrolAgent', 'applyRole', 'verifyServices', 'leaveCloud'] as const
export type StepKind = (typeof stepKinds)[number]

/** What each step is called on the screen. */
export const stepTitles: Record<StepKind, string> = {
  bootRamdisk: 'Boot the ramdisk',
  eraseDisk: 'Erase the disk',
  partitionDisk: 'Partition the disk',
  writeImage: 'Write the image',
  configureSystem: 'Write identity, network and keys',
  bootDisk: 'Boot from the disk',
  enrolAgent: 'Agent enrols',
  applyRole: 'Apply the role',
  verifyServices: 'Verify the services',
  leaveCloud: 'Leave the cloud',
}

/** How far one step of the current generation is. `bytesDone/bytesTotal` are written by `writeImage` only. */
export const StepState = z.object({
  kind: z.enum(stepKinds),
  status: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
  startedAt: z.string().nullable(), finishedAt: z.string().nullable(),
  bytesDone: z.number().nullable(), bytesTotal: z.number().nullable(), bytesPerSecond: z.number().nullable(),
  detail: z.string().describe('What it is doing, or why it failed'),
}).meta({ id: 'StepState' })
export type StepState = z.infer<typeof StepState>
