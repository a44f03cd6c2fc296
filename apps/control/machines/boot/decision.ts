import type { MachineView } from '#netboot/site'
import { bootOfSteps } from '../../plan/plan-deploy.ts'
import { rootUuid } from '../../execute/disk-steps.ts'
import type { MachineRecord } from '../record.ts'

/** After this many boots into the disk without a word of its agent, a machine is stopped and a person called. */
export const mostDiskBoots = 3

/** What a machine boots now. The disk is said only where it is meant: a machine whose disk was never written gets the ramdisk. */
export function decideMachineBoot(machine: MachineRecord, diskBoots: number): Pick<MachineView, 'decision' | 'waitWhy'> {
  const wished = ((): 'ramdisk' | 'localDisk' => {
    switch (machine.phase) {
      case 'seen': case 'discovered': case 'retired': return 'ramdisk'
      case 'ready': case 'silent': return 'localDisk'
      case 'deploying': case 'starting': case 'releasing': case 'failed': return bootOfSteps(machine.steps) ?? (machine.intent.role === null ? 'ramdisk' : 'localDisk')
    }
  })()
  if (wished === 'localDisk' && diskBoots >= mostDiskBoots && machine.phase !== 'ready') return { decision: 'wait', waitWhy: 'It came back from its disk too often: see the console, then retry.' }
  return { decision: wished }
}

/**
 * The UUID of the root file system that a machine has: of the present generation where it writes the disk, else of the one in which its agent
 * enrolled (`enrolledGeneration`), because a new role alone writes nothing. Null where nothing was installed.
 */
export function installedRootUuid(machine: MachineRecord, enrolledGeneration: number | undefined): string | null {
  const generation = machine.steps.some(({ kind }) => kind === 'writeImage') ? machine.intent.generation : enrolledGeneration
  return generation === undefined ? null : rootUuid(machine.id, generation)
}
