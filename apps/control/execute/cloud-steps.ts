import { setTimeout as wait } from 'node:timers/promises'
import { until, type Executor, type StepRun, type StepWorld } from './step.ts'

/** Waits for the agent of this generation to show itself. */
export const enrolAgent: Executor = async (run, world) => {
  const { id, intent } = run.machine()
  run.progress({ detail: 'waiting for the installed system to start' })
  await until(run, () => world.agents.enrolled(id)?.generation === intent.generation)
}

/** A task that fails this long is not going to come right by itself. */
const patienceMs = 8 * 60_000

/** Waits until the agent has made every task of the current target true. Rejects with the task's own words where one keeps failing. */
export const applyRole: Executor = (run, world) => applied(run, world, patienceMs)

async function applied(run: StepRun, world: StepWorld, patience: number): Promise<void> {
  let failingSince: { id: string; atMs: number } | undefined
  world.agents.changed()
  await until(run, () => {
    const machine = run.machine()
    const target = world.target(machine)
    const last = world.agents.last(machine.id)
    if (last === undefined || last.report.etag !== target.etag) {
      run.progress({ detail: world.agents.isAlive(machine.id) ? 'the agent fetches what to do' : 'waiting for the agent' })
      return false
    }
    const failed = last.report.tasks.find((task) => task.status === 'failed')
    const busy = last.report.tasks.find((task) => task.status === 'running')
    if (failed === undefined) failingSince = undefined
    else if (failingSince?.id !== failed.id) failingSince = { id: failed.id, atMs: world.now() }
    if (failed !== undefined && failingSince !== undefined && world.now() - failingSince.atMs > patience) throw new Error(`${failed.id}: ${failed.detail}`)
    const done = last.report.tasks.filter((task) => task.status === 'done').length
    run.progress({ detail: failed !== undefined ? `${failed.id}: ${failed.detail}` : `${done} of ${target.tasks.length} tasks${busy === undefined ? '' : `: ${busy.id}`}` })
    return last.report.tasks.length >= target.tasks.length && last.report.tasks.every((task) => task.status === 'done')
  })
}

/** Asks the role's services from outside until all answer. */
export const verifyServices: Executor = async (run, world) => {
  for (;;) {
    const machine = run.machine()
    const role = world.role(machine.intent.role ?? '')
    const context = world.roleContext(machine.id)
    if (role === undefined || context === undefined) throw new Error(`the role ${machine.intent.role ?? ''} is no longer available`)
    const services = await role.verify(context, run.signal)
    world.services(machine.id, services)
    const sick = services.find((service) => !service.healthy)
    if (sick === undefined) return
    run.progress({ detail: `${sick.name}: ${sick.detail}` })
    await wait(3000, undefined, { signal: run.signal })
  }
}

/** How long a machine is asked to leave by itself before it is taken out without its help. */
const farewellMs = 3 * 60_000

/** Lets the agent leave the Swarm. A machine that is silent, or cannot, does not hold up its release. */
export const leaveCloud: Executor = async (run, world) => {
  const { id } = run.machine()
  if (!world.agents.isAlive(id)) return run.progress({ detail: 'its agent is silent: it is taken out without its help' })
  const limit = AbortSignal.timeout(farewellMs)
  await applied({ ...run, signal: AbortSignal.any([run.signal, limit]) }, world, farewellMs).catch((error: unknown) => {
    if (run.signal.aborted) throw error
    run.progress({ detail: 'it did not leave by itself in time' })
  })
}
