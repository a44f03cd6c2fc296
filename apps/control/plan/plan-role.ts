import { isAllowed } from '#contract/lifecycle'
import type { Image, Machine, Plan } from '#contract/operator-api'
import { stepTitles, type StepKind } from '#contract/steps'
import { chooseDisk, rateDisks } from './choose-disk.ts'

/** What a plan needs to know of a role: no code of it is run. */
export interface PlannedRole { readonly id: string; readonly title: string; readonly imageId: string; readonly services: readonly string[] }

/** Which steps lead from `machine` to the role. A machine that already runs the same image keeps its disk: only the role changes. */
function stepsTo(machine: Pick<Machine, 'phase' | 'role' | 'intent'>, imageId: string): StepKind[] {
  const installed = (machine.phase === 'ready' || machine.phase === 'silent') && machine.intent.imageId === imageId && machine.role !== null
  return installed ? ['applyRole', 'verifyServices'] : ['bootRamdisk', 'partitionDisk', 'writeImage', 'configureSystem', 'bootDisk', 'enrolAgent', 'applyRole', 'verifyServices']
}

/**
 * What assigning `role` would do, for the dialog and the CLI: nothing is changed. `refusals` says why it is not allowed.
 *
 * @param disk identity of the disk that the operator chose, or undefined for the rule
 * @param advice what the role itself says: reasons against, and things to know
 */
export function planRole(machine: Machine, role: PlannedRole | undefined, image: Image | undefined, disk: string | undefined, advice: { refusals: readonly string[]; warnings: readonly string[] }, roleId: string): Plan {
  const refusals: string[] = []
  const warnings = [...advice.warnings]
  const disks = machine.inventory?.disks ?? []
  const steps = role === undefined ? [] : stepsTo(machine, role.imageId)
  if (role === undefined) refusals.push(`there is no role “${roleId}”: see the list of roles`)
  else refusals.push(...advice.refusals)
  if (!isAllowed('assignRole', machine.phase)) refusals.push(`the machine is ${machine.phase}: a role can be assigned when it is discovered, ready, silent or failed`)
  if (machine.inventory === null) refusals.push('the machine has not said what it is yet: boot it from the network first')
  if (machine.phase === 'ready' && machine.role === roleId) warnings.push('it has this role already: it is applied and verified again')
  const writes = steps.includes('writeImage')
  const choice = writes && machine.inventory !== null ? chooseDisk(disks, disk) : undefined
  if (typeof choice === 'string') refusals.push(choice)
  const chosen = typeof choice === 'object' ? choice : undefined
  if (writes && image !== undefined && image.state === 'failed') refusals.push(`the image ${image.title} could not be built: ${image.error ?? 'see its page'}`)
  else if (writes && image !== undefined && image.state !== 'ready') warnings.push(`the image ${image.title} is still being built: the deploy waits for it`)
  if (chosen !== undefined && chosen.option.disk.contents !== '' && chosen.option.disk.contents !== 'blank')
    warnings.push(`the disk is not blank (${chosen.option.disk.contents}): ${isOurLayout(chosen.option.disk.contents) ? 'the system on it is lost, its data partition (/srv) is kept; release with erase to lose that too' : 'everything on it is lost'}`)
  return {
    machineId: machine.id, machineName: machine.name, role: roleId, generation: machine.generation, refusals, warnings,
    disk: chosen === undefined ? null : { ...describe(chosen.option.disk), identity: chosen.option.identity, contents: chosen.option.disk.contents, why: chosen.why, erased: true },
    disks: rateDisks(disks).map((option) => ({ ...describe(option.disk), identity: option.identity, refusedWhy: option.refusedWhy })),
    image: { id: role?.imageId ?? '', title: image?.title ?? '', sizeBytes: image?.sizeBytes ?? 0, ready: image?.state === 'ready' },
    services: [...(role?.services ?? [])],
    steps: steps.map((kind) => ({ kind, title: stepTitles[kind], detail: detailOf(kind, machine, chosen?.option.disk.model ?? '', image?.title ?? '') })),
  }
}

/** Whether the words of the ramdisk on a disk are those of our own partitions: such a disk keeps its last one. */
const isOurLayout = (contents: string): boolean => /^gpt: 1\b.*\bsc-bios, 2\b.*SC-ESP, 3\b.*\bsc-root, 4\b.*\bsc-srv$/.test(contents)

const describe = ({ name, model, serial, sizeBytes }: { name: string; model: string; serial: string; sizeBytes: number }) => ({ name, model, serial, sizeBytes })

function detailOf(kind: StepKind, machine: Pick<Machine, 'phase' | 'power'>, model: string, image: string): string {
  switch (kind) {
    case 'bootRamdisk': return machine.phase === 'discovered' ? 'it waits in the ramdisk already' : 'restart into the network boot'
    case 'partitionDisk': return model === '' ? '' : `on ${model}`
    case 'writeImage': return image
    default: return ''
  }
}
