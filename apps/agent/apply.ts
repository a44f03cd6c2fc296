import type { z } from 'zod'
import type { TaskReport as TaskReportSchema, Target, Task } from '#contract/agent-api'
import type { Executor, Executors, Host } from './host.ts'
import { applyDatabase } from './tasks/database.ts'
import { applyCopy, applyFile } from './tasks/file.ts'
import { applyAbsentService, applyService } from './tasks/service.ts'
import { applyRestart } from './tasks/restart.ts'
import { applySwarm } from './tasks/swarm.ts'
import { applyUnit } from './tasks/unit.ts'

/** What one task came to. */
export type TaskReport = z.infer<typeof TaskReportSchema>

/** How each kind of task is made true. */
export const executors: Executors = {
  file: applyFile, copy: applyCopy, unit: applyUnit, swarm: applySwarm, restart: applyRestart,
  database: applyDatabase, service: applyService, absentService: applyAbsentService,
}

/** Kinds on which nothing later in the list depends: one app's trouble must not stop the other apps or the load balancer. */
const independent: readonly Task['kind'][] = ['database', 'service', 'absentService']

/** What the last run made true, by task id: a new target touches only what differs from it. */
export type Settled = Map<string, { readonly task: string; readonly detail: string }>

/**
 * Applies a target's tasks in order and tells after each what it came to. After a failure the tasks that may depend on it stay
 * `waiting`. Never rejects; an aborted `signal` leaves the rest `waiting`.
 *
 * With `settled`, what is in it and the same in this target is taken as done, and is kept up to date. What depends on something that
 * changed is done again, also where the run before was broken off between the two.
 */
export async function applyTarget(target: Target, host: Host, tell: (reports: readonly TaskReport[]) => void, signal: AbortSignal, table: Executors = executors, settled: Settled = new Map()): Promise<TaskReport[]> {
  const reports: TaskReport[] = target.tasks.map((task) => (isSettled(task, settled) ? { id: task.id, status: 'done', detail: '' } : { id: task.id, status: 'waiting', detail: '' }))
  let blockedBy: string | undefined
  for (const [index, task] of target.tasks.entries()) {
    if (signal.aborted) break
    if (isSettled(task, settled)) continue
    if (blockedBy !== undefined) {
      reports[index] = { id: task.id, status: 'waiting', detail: `waits for ${blockedBy}` }
      continue
    }
    reports[index] = { id: task.id, status: 'running', detail: '' }
    tell(reports)
    try {
      const outcome = await execute(task, host, target.tasks, table)
      reports[index] = { id: task.id, status: 'done', detail: outcome.detail }
      settled.set(task.id, { task: JSON.stringify(task), detail: outcome.detail })
      if (outcome.changed) for (const [later, other] of target.tasks.entries()) if (later > index && dependsOn(other, task.id)) {
        settled.delete(other.id)
        reports[later] = { id: other.id, status: 'waiting', detail: '' }
      }
    } catch (error) {
      settled.delete(task.id)
      reports[index] = { id: task.id, status: 'failed', detail: describe(error).slice(0, 4000) }
      if (!independent.includes(task.kind)) blockedBy ??= task.id
    }
    tell(reports)
  }
  return reports
}

/** A copy follows a file that only the machine knows, and a restart belongs to one boot: both are always looked at. */
function isSettled(task: Task, settled: Settled): boolean {
  return task.kind !== 'copy' && task.kind !== 'restart' && settled.get(task.id)?.task === JSON.stringify(task)
}

const dependsOn = (task: Task, id: string): boolean => task.kind === 'unit' && (task.restartOn.includes(id) || task.reloadOn.includes(id))

function execute<K extends Task['kind']>(task: Extract<Task, { kind: K }>, host: Host, all: readonly Task[], table: Executors) {
  return (table[task.kind] as Executor<K>)(task, host, all)
}

/** An error and its causes as one line. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`
}
