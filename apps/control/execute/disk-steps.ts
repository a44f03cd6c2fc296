import { createHash } from 'node:crypto'
import { until, diskFields, runOrder, wishedDisk, type Executor } from './step.ts'

/** The file-system UUID that a machine's root gets in one generation: the same however often a step is run again. */
export function rootUuid(machineId: string, generation: number): string {
  const hex = createHash('sha256').update(`root ${machineId} ${generation}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Partitions the disk that the intent names; `/srv` survives where no erase was asked for. */
export const partitionDisk: Executor = (run, world) =>
  runOrder(run, world, 'partitionDisk', { ...diskFields(wishedDisk(run.machine())), keepData: run.machine().intent.erase ? 0 : 1 })

/** Clears the disk that the intent names. */
export const eraseDisk: Executor = (run, world) => runOrder(run, world, 'eraseDisk', { ...diskFields(wishedDisk(run.machine())), full: 0 })

/** Waits for the image where it is still being built, then has it written and verified. */
export const writeImage: Executor = async (run, world) => {
  const machine = run.machine()
  const imageId = machine.intent.imageId ?? ''
  await until(run, () => {
    const image = world.image(imageId)
    if (image.error !== null) throw new Error(`the image ${imageId} could not be built: ${image.error}`)
    if (!image.ready) run.progress({ detail: `waiting for the image: ${image.step}` })
    return image.ready
  })
  await runOrder(run, world, 'writeImage', { ...diskFields(wishedDisk(machine)), image: imageId, rootUuid: rootUuid(machine.id, machine.intent.generation) })
}

/** Lays identity, network, keys and the one-time secret over the image. */
export const configureSystem: Executor = (run, world) => {
  const machine = run.machine()
  return runOrder(run, world, 'configureSystem', { ...diskFields(wishedDisk(machine)), rootUuid: rootUuid(machine.id, machine.intent.generation) })
}

/** Sends the machine into its disk. Where its agent spoke up already, the order's answer was lost on the way. */
export const bootDisk: Executor = async (run, world) => {
  const machine = run.machine()
  const over = new AbortController()
  const signal = AbortSignal.any([run.signal, over.signal])
  const ordered = runOrder({ ...run, signal }, world, 'bootDisk', { ...diskFields(wishedDisk(machine)), efi: machine.firmware === 'uefi' ? 1 : 0 })
  const enrolled = until({ ...run, signal }, () => world.agents.enrolled(machine.id)?.generation === machine.intent.generation)
  try {
    await Promise.race([ordered, enrolled])
  } finally {
    over.abort(new Error('the other one came first'))
    await Promise.allSettled([ordered, enrolled])
  }
  world.sessions.end(machine.id)
}
